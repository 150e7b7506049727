//! WordNet behind the engine: found, compiled once into the data directory, opened when first asked for, and kept.
//!
//! ```text
//! wordnet/wordnet.wn            the compiled file that answers
//! wordnet/source.txt            the database folder that it was compiled from
//! wordnet/languages/CODE.tab    tab files that were added, to compile it anew with them
//! ```
//! All but the tab files can be removed; it is compiled again. Without a WordNet everything else works.

use super::Engine;
use super::answers::{
    HyponymsAnswer, LanguageAdded, PathAnswer, SimilarityAnswer, SynsetAnswer, WordNetInfo, WordNetWord,
};
use super::questions::check_length;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::progress::{Progress, Silent};
use crate::search::SenseChoice;
use crate::sense::Disambiguator;
use crate::wordnet::answers::PathKind;
use crate::wordnet::{
    ENGLISH, Expansion, InformationContent, Measure, PartOfSpeech, WordNet, add_language, compile,
    find_database,
};
use serde::Deserialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Count that every synset starts from in information content.
const SMOOTHING: f64 = 1.0;
/// Information contents kept: one of the tag counts, and of the collections asked for last.
const INFORMATION_KEPT: usize = 8;
/// Hyponyms on a page, unless the request says otherwise.
const PAGE: usize = 50;

/// Where the database is looked for, and what has been opened of it.
#[derive(Default)]
pub(super) struct Shelf {
    asked: Option<PathBuf>,
    open: Mutex<Option<Opened>>,
    compiling: AtomicBool,
}

/// How long a question waits for a WordNet that is just being compiled.
const COMPILATION_WAIT: Duration = Duration::from_secs(2);

struct Opened {
    stamp: Stamp,
    wordnet: Arc<WordNet>,
    information: Vec<(String, Arc<InformationContent>)>,
}

/// Tells a compiled file that another process has replaced.
type Stamp = (SystemTime, u64);

/// Language and part of speech of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordNetRequest {
    /// Language: `eng` (the default), or one that was added, by its two or three letters.
    pub lang: Option<String>,
    /// Only this part of speech: noun, verb, adjective or adverb, or its letter.
    pub pos: Option<String>,
}

/// One page of what falls under a synset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HyponymsRequest {
    /// Language of the answer.
    pub lang: Option<String>,
    /// Hyponyms wanted; default 50.
    pub limit: Option<usize>,
    /// Hyponyms to pass over; default 0.
    pub offset: Option<usize>,
}

/// How do two words or synsets hang together?
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathRequest {
    /// A word, or a synset by id, name or sense key.
    pub from: String,
    /// The other.
    pub to: String,
    /// `taxonomy` (hypernyms up and down, the default) or `relations` (all links).
    pub kind: Option<String>,
    /// Language of the words.
    pub lang: Option<String>,
    /// Only this part of speech.
    pub pos: Option<String>,
}

/// How alike are two words or synsets?
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordNetSimilarityRequest {
    /// A word, or a synset by id, name or sense key.
    pub a: String,
    /// The other.
    pub b: String,
    /// `path` (the default), `wu-palmer`, `leacock-chodorow`, `resnik`, `lin`, `jiang-conrath` or `lesk`.
    pub measure: Option<String>,
    /// Count the information content of the measures that use it from this collection's corpus, instead of from WordNet's own
    /// tag counts.
    pub collection: Option<String>,
    /// Language of the words.
    pub lang: Option<String>,
    /// Only this part of speech.
    pub pos: Option<String>,
}

/// How a query is expanded; what is not given is as in [`Expansion::default`].
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExpansionRequest {
    /// Weight of synonyms, 0 to 1; default 1.
    pub synonyms: Option<f32>,
    /// Weight of hyponyms, 0 to 1, once for each link; default 0.5.
    pub hyponyms: Option<f32>,
    /// Weight of hypernyms, 0 to 1, once for each link; default 0.3.
    pub hypernyms: Option<f32>,
    /// Links to go down, at most 8; default 1.
    pub hyponym_depth: Option<u32>,
    /// Links to go up, at most 8; default 1.
    pub hypernym_depth: Option<u32>,
    /// Only senses of this part of speech.
    pub pos: Option<String>,
    /// Only the most frequent senses of each word, this many; 0, the default, for all.
    pub senses: Option<usize>,
    /// Language in which words are looked up first; default `eng`. The others follow.
    pub lang: Option<String>,
    /// Languages of the words added; default all that there are.
    pub into: Option<Vec<String>>,
    /// Follow only the senses that the query's own context means; default false.
    pub disambiguate: Option<bool>,
    /// Senses that are meant, by key (`bank%1:17:01::`), id or name: a query word that has one of them keeps no other. The id of a sense
    /// that the collection's own corpus tells apart (`bank~1`) brings the words that stand for it in place of WordNet's.
    pub named: Option<Vec<String>>,
}

impl ExpansionRequest {
    /// Which senses are followed.
    pub(super) fn senses<'a>(
        &self,
        wordnet: &'a WordNet,
        disambiguator: Option<Disambiguator<'a>>,
    ) -> Result<SenseChoice<'a>> {
        let named = self.named.iter().flatten().filter(|name| !name.contains('~'));
        let named = named.map(|name| Ok(wordnet.synset(name)?.number()));
        Ok(SenseChoice { named: named.collect::<Result<_>>()?, induced: Vec::new(), disambiguator })
    }

    pub(super) fn expansion(&self, wordnet: &WordNet) -> Result<Expansion> {
        let default = Expansion::default();
        let all = || wordnet.languages().into_iter().map(str::to_owned).collect();
        Ok(Expansion {
            synonyms: self.synonyms.unwrap_or(default.synonyms),
            hyponyms: self.hyponyms.unwrap_or(default.hyponyms),
            hypernyms: self.hypernyms.unwrap_or(default.hypernyms),
            hyponym_depth: self.hyponym_depth.unwrap_or(default.hyponym_depth),
            hypernym_depth: self.hypernym_depth.unwrap_or(default.hypernym_depth),
            pos: part_of_speech(self.pos.as_deref())?,
            senses_max: self.senses.unwrap_or(default.senses_max),
            language: language(self.lang.as_deref()).to_owned(),
            into: self.into.clone().unwrap_or_else(all),
            ..default
        })
    }
}

impl Engine {
    /// Looks for the WordNet database in this folder only, instead of in `WNHOME` and the usual places. A WordNet that was
    /// compiled from another folder is compiled anew.
    #[must_use]
    pub fn with_wordnet(mut self, folder: Option<PathBuf>) -> Self {
        self.wordnet = Shelf { asked: folder, ..Shelf::default() };
        self
    }

    /// Has another data directory answer from this one's WordNet, without compiling it again.
    pub(super) fn lend_wordnet(&self, other: Self) -> Result<Self> {
        if let Ok(_open) = self.wordnet() {
            let (from, to) = (self.wordnet_folder(), other.wordnet_folder());
            fs::create_dir_all(&to).map_err(Error::io("create", &to))?;
            for entry in fs::read_dir(&from).map_err(Error::io("list", &from))?.flatten() {
                if entry.path().is_file() {
                    fs::copy(entry.path(), to.join(entry.file_name())).map_err(Error::io("copy", &from))?;
                }
            }
        }
        Ok(other.with_wordnet(self.wordnet.asked.clone()))
    }

    /// WordNet, compiled first if need be.
    ///
    /// # Errors
    /// [`Error::NotReady`] with how to install it, if there is none, and if another thread goes on compiling it for two seconds;
    /// [`Error::Io`], [`Error::BadInput`], [`Error::Damaged`].
    pub fn wordnet(&self) -> Result<Arc<WordNet>> {
        let begun = Instant::now();
        while self.wordnet.compiling.load(Ordering::Acquire) {
            if begun.elapsed() >= COMPILATION_WAIT {
                let what = "WordNet is just being compiled, as once in every data directory".to_owned();
                return Err(Error::NotReady { what, cure: "ask again in some seconds".to_owned() });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.prepare_wordnet(&Silent)
    }

    /// As [`Engine::wordnet`], for the first time: compiling takes seconds.
    ///
    /// # Errors
    /// As [`Engine::wordnet`]; [`Error::Cancelled`].
    pub fn prepare_wordnet(&self, progress: &dyn Progress) -> Result<Arc<WordNet>> {
        let mut shelf = self.shelf();
        let path = self.wordnet_file();
        if let Some(opened) = &*shelf
            && stamp(&path) == Some(opened.stamp)
        {
            return Ok(Arc::clone(&opened.wordnet));
        }
        let wordnet = Arc::new(self.load_wordnet(progress)?);
        let stamp = stamp(&path).unwrap_or((SystemTime::UNIX_EPOCH, 0));
        *shelf = Some(Opened { stamp, wordnet: Arc::clone(&wordnet), information: Vec::new() });
        Ok(wordnet)
    }

    /// Which WordNet there is.
    ///
    /// # Errors
    /// As [`Engine::wordnet`].
    pub fn wordnet_info(&self) -> Result<WordNetInfo> {
        let wordnet = self.wordnet()?;
        Ok(WordNetInfo {
            version: wordnet.version().to_owned(),
            synsets: wordnet.len(),
            languages: wordnet.languages().into_iter().map(str::to_owned).collect(),
        })
    }

    /// Adds the words of another language from a tab file of the Open Multilingual Wordnet, or replaces them.
    ///
    /// # Errors
    /// As [`Engine::wordnet`]; [`Error::Invalid`] for a bad code, [`Error::BadInput`] for a file that does not fit.
    pub fn add_wordnet_language(
        &self,
        code: &str,
        tab: &Path,
        progress: &dyn Progress,
    ) -> Result<LanguageAdded> {
        self.prepare_wordnet(progress)?;
        let mut shelf = self.shelf();
        let _lock = self.lock_wordnet()?;
        let compiled = self.wordnet_file();
        progress.step("adding a language", 0, 1, "languages")?;
        *shelf = None;
        let report = add_language(&compiled, tab, code, &compiled)?;
        let kept = self.wordnet_folder().join("languages");
        fs::create_dir_all(&kept).map_err(Error::io("create", &kept))?;
        let mut from = File::open(tab).map_err(Error::io("read", tab))?;
        write_whole(&kept.join(format!("{}.tab", report.language)), |to| {
            std::io::copy(&mut from, to).map(drop).map_err(Error::io("copy", tab))
        })?;
        Ok(LanguageAdded {
            language: report.language,
            words: report.words,
            synsets: report.synsets,
            senses: report.senses,
            left_out: report.warnings.total,
            left_out_told: report.warnings.first,
        })
    }

    /// What a word means: its synsets with glosses, examples, relations and tag counts.
    ///
    /// # Errors
    /// [`Error::NotFound`] with near spellings, or for a language that was not added; as [`Engine::wordnet`].
    pub fn wordnet_word(&self, word: &str, request: &WordNetRequest) -> Result<WordNetWord> {
        check_length("word", word)?;
        let pos = part_of_speech(request.pos.as_deref())?;
        WordNetWord::find(&*self.wordnet()?, word, pos, language(request.lang.as_deref()))
    }

    /// A synset by id (`02084071-n`), name (`dog.n.01`) or sense key (`dog%1:05:00::`).
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a language that was not added; as [`Engine::wordnet`].
    pub fn wordnet_synset(&self, id: &str, lang: Option<&str>) -> Result<SynsetAnswer> {
        check_length("synset", id)?;
        SynsetAnswer::find(&*self.wordnet()?, id, language(lang))
    }

    /// One page of what falls under a synset, directly or not.
    ///
    /// # Errors
    /// As [`Engine::wordnet_synset`]; [`Error::Invalid`] for a limit out of range.
    pub fn wordnet_hyponyms(&self, id: &str, request: &HyponymsRequest) -> Result<HyponymsAnswer> {
        check_length("synset", id)?;
        let (offset, limit) = (request.offset.unwrap_or(0), request.limit.unwrap_or(PAGE));
        HyponymsAnswer::find(&*self.wordnet()?, id, offset, limit, language(request.lang.as_deref()))
    }

    /// The shortest way between two words or synsets, over the best pair of senses.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, with near spellings, or where there is no way; [`Error::Invalid`] for an unknown
    /// kind; as [`Engine::wordnet`].
    pub fn wordnet_path(&self, request: &PathRequest) -> Result<PathAnswer> {
        let PathRequest { from, to, .. } = request;
        check_length("from", from)?;
        check_length("to", to)?;
        let kind = match request.kind.as_deref().unwrap_or("taxonomy") {
            "taxonomy" => PathKind::Taxonomy,
            "relations" => PathKind::Relations,
            other => {
                let cure = "taxonomy goes by hypernyms only, relations by all links";
                return Err(Error::invalid("kind", "taxonomy or relations", other, cure));
            }
        };
        let pos = part_of_speech(request.pos.as_deref())?;
        PathAnswer::find(&*self.wordnet()?, from, to, pos, kind, language(request.lang.as_deref()))
    }

    /// How alike two words or synsets are, over the best pair of senses.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, with near spellings, or collection; [`Error::Invalid`] for an unknown measure;
    /// [`Error::NotReady`] for a collection without a model; as [`Engine::wordnet`].
    pub fn wordnet_similarity(&self, request: &WordNetSimilarityRequest) -> Result<SimilarityAnswer> {
        let WordNetSimilarityRequest { a, b, .. } = request;
        check_length("a", a)?;
        check_length("b", b)?;
        let measure = Measure::parse(request.measure.as_deref().unwrap_or("path"))?;
        let (pos, lang) = (part_of_speech(request.pos.as_deref())?, language(request.lang.as_deref()));
        let wordnet = self.wordnet()?;
        let information = self.information(&wordnet, measure, request.collection.as_deref(), lang)?;
        SimilarityAnswer::find(&wordnet, a, b, pos, measure, &information, lang)
    }

    fn information(
        &self,
        wordnet: &Arc<WordNet>,
        measure: Measure,
        collection: Option<&str>,
        lang: &str,
    ) -> Result<Arc<InformationContent>> {
        let generation = collection.map(|name| self.generation(name)).transpose()?;
        if !measure.needs_information() {
            return Ok(Arc::new(InformationContent::from_word_counts(wordnet, [], ENGLISH, SMOOTHING)?));
        }
        let key = match (collection, &generation) {
            (Some(name), Some(generation)) => format!("{name}/{} {lang}", generation.name()),
            _ => String::new(),
        };
        let known =
            |opened: &Opened| opened.information.iter().find(|(of, _)| *of == key).map(|of| of.1.clone());
        if let Some(information) = self.shelf().as_ref().and_then(known) {
            return Ok(information);
        }
        let information = Arc::new(match &generation {
            Some(generation) => {
                let vocabulary = generation.encoder()?.vectors().vocabulary();
                let counts = vocabulary.iter().map(|(_, word, count)| (word, count));
                InformationContent::from_word_counts(wordnet, counts, lang, SMOOTHING)?
            }
            None => InformationContent::from_tag_counts(wordnet, SMOOTHING)?,
        });
        if let Some(opened) = self.shelf().as_mut().filter(|opened| Arc::ptr_eq(&opened.wordnet, wordnet)) {
            opened.information.truncate(INFORMATION_KEPT - 1);
            opened.information.insert(0, (key, Arc::clone(&information)));
        }
        Ok(information)
    }

    /// Opens the compiled file; compiles it first where there is none, or one that is damaged or of another folder.
    fn load_wordnet(&self, progress: &dyn Progress) -> Result<WordNet> {
        let asked = self.wordnet.asked.as_deref();
        let (path, folder) = (self.wordnet_file(), self.wordnet_folder());
        let source = folder.join("source.txt");
        let described = |folder: &Path| {
            std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string()
        };
        let wanted = asked.map(described);
        let lock = if path.exists() { Some(self.lock_wordnet()?) } else { None };
        let fits = wanted.is_none() || wanted == fs::read_to_string(&source).ok();
        let opened = if fits && path.exists() { Some(WordNet::open(&path)) } else { None };
        if let Some(Ok(wordnet)) = opened {
            return Ok(wordnet);
        }
        let wnhome = std::env::var_os("WNHOME").filter(|value| !value.is_empty()).map(PathBuf::from);
        // A damaged one comes back from where it came from: another WordNet would answer otherwise.
        let former = opened.is_some().then(|| fs::read_to_string(&source).ok().map(PathBuf::from)).flatten();
        let place = asked.or(former.as_deref());
        let database = match (find_database(place, wnhome.as_deref()), opened) {
            (Ok(database), _) => database,
            (Err(_), Some(Err(damaged))) => return Err(damaged),
            (Err(missing), _) => return Err(missing),
        };
        let _lock = lock.map_or_else(|| self.lock_wordnet(), Ok)?;
        self.wordnet.compiling.store(true, Ordering::Release);
        let compiled = self.compile_wordnet(&database, progress);
        self.wordnet.compiling.store(false, Ordering::Release);
        compiled?;
        let wanted = wanted.unwrap_or_else(|| described(&database));
        fs::write(&source, wanted).map_err(Error::io("write", &source))?;
        WordNet::open(&path)
    }

    fn compile_wordnet(&self, database: &Path, progress: &dyn Progress) -> Result<()> {
        let path = self.wordnet_file();
        let report = compile(database, &path, progress)?;
        for warning in &report.warnings.first {
            tracing::warn!("WordNet: {warning}");
        }
        if report.warnings.total > report.warnings.first.len() as u64 {
            tracing::warn!("WordNet: {} such places in all; the rest is usable", report.warnings.total);
        }
        let (version, synsets) = (&report.version, report.synsets);
        tracing::info!(version, synsets, "WordNet compiled from {}", database.display());
        let Ok(tabs) = fs::read_dir(self.wordnet_folder().join("languages")) else { return Ok(()) };
        for tab in tabs.flatten().map(|entry| entry.path()) {
            let code = tab.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if tab.extension().is_some_and(|ending| ending == "tab")
                && let Err(error) = add_language(&path, &tab, &code, &path)
            {
                tracing::warn!("WordNet goes without {code}: {error}");
            }
        }
        Ok(())
    }

    fn shelf(&self) -> MutexGuard<'_, Option<Opened>> {
        self.wordnet.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while the compiled file is written, so that no process overwrites what another has added.
    fn lock_wordnet(&self) -> Result<File> {
        let folder = self.wordnet_folder();
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join(".lock");
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        file.lock().map_err(Error::io("lock", &path))?;
        Ok(file)
    }

    fn wordnet_folder(&self) -> PathBuf {
        self.data_dir.join("wordnet")
    }

    fn wordnet_file(&self) -> PathBuf {
        self.wordnet_folder().join("wordnet.wn")
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn language(lang: Option<&str>) -> &str {
    lang.filter(|lang| !lang.is_empty()).unwrap_or(ENGLISH)
}

fn part_of_speech(pos: Option<&str>) -> Result<Option<PartOfSpeech>> {
    pos.map(PartOfSpeech::parse).transpose()
}
