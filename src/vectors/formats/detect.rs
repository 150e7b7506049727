//! Which format a file is in, by its first bytes.

use super::Format;
use super::bytes::Complaint;
use super::fasttext;
use super::layout::{self, Layout};

/// How far into a file a first line may reach.
const FIRST_LINE: usize = 1 << 20;

pub(super) fn detect(bytes: &[u8]) -> Result<Format, Complaint> {
    if bytes.starts_with(layout::MAGIC) {
        let quantized = Layout::read(bytes)?.chunk(layout::QUANTIZED).is_some();
        return Ok(if quantized { Format::FifuQuantized } else { Format::Fifu });
    }
    if bytes.starts_with(&fasttext::MAGIC.to_le_bytes()) {
        return Ok(Format::Fasttext);
    }
    let start = &bytes[..bytes.len().min(FIRST_LINE)];
    let end = start.iter().position(|byte| *byte == b'\n').unwrap_or(start.len());
    let unknown = || {
        let first = String::from_utf8_lossy(&start[..end.min(60)]).into_owned();
        ("a file of word vectors".to_string(), format!("one that begins with {first:?}"))
    };
    let line = str::from_utf8(&start[..end]).map_err(|_| unknown())?;
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if fields.len() == 2 && fields.iter().all(|field| is_number(field)) {
        let rest = &start[(end + 1).min(start.len())..];
        return Ok(if is_text(&rest[..rest.len().min(512)]) { Format::Text } else { Format::Word2vec });
    }
    if fields.len() == 8 && fields[..6].iter().all(|field| is_number(field)) {
        return Ok(Format::Floret);
    }
    if fields.len() > 1 && fields[1..].iter().all(|field| field.parse::<f32>().is_ok()) {
        return Ok(Format::Glove);
    }
    Err(unknown())
}

fn is_number(field: &str) -> bool {
    field.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether these bytes are lines of characters; values in binary are not, as soon as there are some.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match str::from_utf8(bytes) {
        Ok(text) => text,
        // A character cut by the end of the sample is none of the file's fault.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return bytes.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace()),
    };
    valid.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())
}
