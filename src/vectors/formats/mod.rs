//! Vector files of other tools, and the finalfusion layout that this project's own files build on.

pub(crate) mod bytes;
pub(crate) mod layout;
pub(crate) mod words;
