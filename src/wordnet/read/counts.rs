//! How often each sense was tagged in the semantic concordances: `index.sense`, else `cntlist.rev`, else `cntlist`.
//!
//! ```text
//! index.sense   bank%1:17:01:: 09213565 1 25     key, offset, sense number, count
//! cntlist.rev   bank%1:17:01:: 1 25              key, sense number, count
//! cntlist       25 bank%1:17:01:: 1              count, key, sense number
//! ```

use super::{Source, each_line, read_text};
use crate::error::Result;
use std::path::Path;

/// File name, the column of the key and the column of the count.
const FILES: [(&str, usize, usize); 3] = [("index.sense", 0, 3), ("cntlist.rev", 0, 2), ("cntlist", 1, 0)];

pub(super) fn read(folder: &Path, source: &mut Source) -> Result<()> {
    for (name, key_at, count_at) in FILES {
        let path = folder.join(name);
        if path.is_file() {
            return read_file(&path, key_at, count_at, source);
        }
    }
    source.warnings.add(&folder.join(FILES[0].0), 0, "missing, and no cntlist either; tag counts are all 0");
    Ok(())
}

fn read_file(path: &Path, key_at: usize, count_at: usize, source: &mut Source) -> Result<()> {
    let text = read_text(path, &mut source.warnings)?;
    let counts = &mut source.tag_counts;
    each_line(path, &text, &mut source.warnings, |_, line| {
        let (key, count) = columns(line, key_at, count_at)?;
        if count > 0 {
            counts.insert(key.to_lowercase(), count);
        }
        Ok(())
    })
}

fn columns(line: &str, key_at: usize, count_at: usize) -> Result<(&str, u32), String> {
    let column = |at: usize| line.split_ascii_whitespace().nth(at);
    let key = column(key_at).filter(|key| key.contains('%')).ok_or("expected a sense key, got none")?;
    let count = column(count_at).ok_or("expected a count, got the end: line cut off")?;
    let count = count.parse().map_err(|_| format!("expected a count, got {count:?}"))?;
    Ok((key, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_layouts_are_read() {
        assert_eq!(columns("bank%1:17:01:: 09213565 1 25", 0, 3).unwrap(), ("bank%1:17:01::", 25));
        assert_eq!(columns("bank%1:17:01:: 1 25", 0, 2).unwrap(), ("bank%1:17:01::", 25));
        assert_eq!(columns("25 bank%1:17:01:: 1", 1, 0).unwrap(), ("bank%1:17:01::", 25));
        assert!(columns("bank 1 25", 0, 2).is_err());
        assert!(columns("bank%1:17:01:: 1", 0, 2).is_err());
    }
}
