//! Little-endian numbers from a byte slice, never beyond its end.

/// What was expected, and what stood there.
pub(crate) type Complaint = (String, String);

/// A slice and how far it has been read.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next byte, which stays.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next `len` bytes; `what` is named in the complaint if the file ends before.
    pub(crate) fn take(&mut self, len: u64, what: &str) -> Result<&'a [u8], Complaint> {
        let left = self.left();
        match usize::try_from(len) {
            Ok(len) if len <= left => {
                let taken = &self.bytes[self.at..][..len];
                self.at += len;
                Ok(taken)
            }
            _ => Err((format!("{what} of {len} bytes"), format!("the end of the file after {left}"))),
        }
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8, Complaint> {
        Ok(self.take(1, what)?[0])
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, Complaint> {
        let bytes = self.take(4, what)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(crate) fn u64(&mut self, what: &str) -> Result<u64, Complaint> {
        let low = u64::from(self.u32(what)?);
        Ok(low | u64::from(self.u32(what)?) << 32)
    }

    /// A number that must be one of `allowed`.
    pub(crate) fn number(
        &mut self,
        allowed: std::ops::RangeInclusive<u64>,
        wide: bool,
        what: &str,
    ) -> Result<u64, Complaint> {
        let value = if wide { self.u64(what)? } else { u64::from(self.u32(what)?) };
        if allowed.contains(&value) {
            Ok(value)
        } else {
            let expected = format!("{what} from {} to {}", allowed.start(), allowed.end());
            Err((expected, value.to_string()))
        }
    }

    /// The bytes up to `end`, which is stepped over.
    pub(crate) fn until(&mut self, end: u8, what: &str) -> Result<&'a [u8], Complaint> {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|byte| *byte == end) {
            Some(len) => {
                self.at += len + 1;
                Ok(&rest[..len])
            }
            None => Err((format!("{what} that ends"), "the end of the file".into())),
        }
    }
}
