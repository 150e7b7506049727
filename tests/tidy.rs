//! The house against its map: what ARCHITECTURE.md and the manifest say, and what the files do.
//!
//! Not a linter of style (clippy and rustfmt are): these are the promises that no compiler checks. Code is read as text, by
//! line, without comments and without the tests at its end; that is enough for paths that rustfmt has laid out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Migrations as released: file and CRC-32. A new file is a new line; a line never changes, for databases out there have
/// run the file as it was.
const MIGRATIONS: &[(&str, u32)] = &[
    ("0001_collections_and_documents.sql", 0x1f80_6174),
    ("0002_tasks.sql", 0x268d_a7d9),
    ("0003_keys.sql", 0x95ea_d283),
    ("0004_changes.sql", 0x312f_cadc),
    ("0005_collection_settings.sql", 0x2ed7_03f9),
];

/// What nothing below this room may do: it is the first that may log, and read clocks and the environment.
const FIRST_WITH_EFFECTS: &str = "engine";

/// What may read the environment all the same: it is nothing in a release.
const FOR_TESTS: &str = "failpoint";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

// --- The tables of ARCHITECTURE.md -------------------------------------------------------------------------------------

struct Room {
    layer: u32,
    may_use: BTreeSet<String>,
}

/// The rows under a heading's first table, without its head, cells trimmed.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let (_, section) =
        text.split_once(heading).unwrap_or_else(|| panic!("ARCHITECTURE.md has no {heading:?}"));
    let cells = |line: &str| {
        line.trim_matches('|').split('|').map(|cell| cell.replace('`', "").trim().to_owned()).collect()
    };
    section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect()
}

fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "–")
}

/// Rooms by name, from the layer table: `| layer | room, room | may use |`. A number in the last column stands for every
/// room of that layer, "everything below" for all layers below.
fn rooms() -> BTreeMap<String, Room> {
    let rows = table("## Layers");
    let layer = |row: &[String]| row[0].parse::<u32>().unwrap_or_else(|_| panic!("no layer in {row:?}"));
    let mut rooms = BTreeMap::new();
    for row in &rows {
        let below = |wanted: &dyn Fn(u32) -> bool| {
            let rows = rows.iter().filter(|other| wanted(layer(other)));
            rows.flat_map(|other| names(&other[1]).map(str::to_owned)).collect::<Vec<_>>()
        };
        let mut may_use = BTreeSet::new();
        for name in names(&row[2]) {
            match name.parse::<u32>() {
                Ok(number) => may_use.extend(below(&|other| other == number)),
                Err(_) if name == "everything below" => may_use.extend(below(&|other| other < layer(row))),
                Err(_) => drop(may_use.insert(name.to_owned())),
            }
        }
        for name in names(&row[1]) {
            let room = Room { layer: layer(row), may_use: may_use.clone() };
            assert!(rooms.insert(name.to_owned(), room).is_none(), "{name} stands twice in the layer table");
        }
    }
    rooms
}

// --- The code, as text -------------------------------------------------------------------------------------------------

struct Source {
    path: PathBuf,
    /// `["search", "contrast"]` for src/search/contrast.rs; `mod.rs` is its folder.
    module: Vec<String>,
    code: String,
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut found = Vec::new();
    for path in files_below(&src).into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let module: Vec<String> = path
            .strip_prefix(&src)
            .unwrap()
            .with_extension("")
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .filter(|part| part != "mod")
            .collect();
        // A file of tests belongs to the tests.
        if module.last().is_none_or(|name| name != "tests") {
            found.push(Source { code: code_of(&read(&path)), path, module });
        }
    }
    found
}

/// The text without comments and without what stands under the first `#[cfg(test)]` of a module.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.contains("mod ")) {
            break;
        }
        let end =
            if line.trim_start().starts_with("//") { 0 } else { line.find(" // ").unwrap_or(line.len()) };
        code.push_str(&line[..end]);
        code.push('\n');
    }
    code
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Byte offsets behind each `needle` that does not go on from a name or path before it.
fn behind<'a>(code: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(needle)
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| is_name(c) || c == ':' || c == '.'))
        .map(|(at, needle)| at + needle.len())
}

/// The first name of each path that follows: one, or several in braces.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|c| is_name(*c)).collect::<String>();
    let Some(list) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(name(&list[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// Rooms that a file names, by `crate::room` or by as many `super::` as lead out of its own.
fn rooms_used(source: &Source) -> BTreeSet<String> {
    let up = "super::".repeat(source.module.len());
    let from_crate = behind(&source.code, "crate::").chain(behind(&source.code, "sememe::"));
    let from_super = behind(&source.code, &up).collect::<Vec<_>>();
    from_crate.chain(from_super).flat_map(|at| heads(&source.code[at..])).collect()
}

// --- Rooms -------------------------------------------------------------------------------------------------------------

#[test]
fn every_room_is_on_the_map_and_every_room_on_the_map_is_there() {
    let rooms = rooms();
    let mapped: BTreeSet<&str> = rooms.keys().map(String::as_str).collect();
    let sources = sources();
    let there: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| source.module.first().map(String::as_str))
        .filter(|name| !matches!(*name, "lib" | "main"))
        .collect();
    assert_eq!(there, mapped, "rooms in src against the layer table of ARCHITECTURE.md");
}

#[test]
fn rooms_use_only_what_the_layer_table_allows() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(room) = rooms.get(&source.module[0]) else { continue };
        for used in rooms_used(&source) {
            let allowed = used == source.module[0] || room.may_use.contains(&used);
            if rooms.contains_key(&used) && !allowed {
                wrong.push(format!("{} uses {used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the layer table of ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

#[test]
fn the_layer_table_leads_downwards() {
    let rows = table("## Layers");
    let order: Vec<&str> = rows.iter().flat_map(|row| names(&row[1])).collect();
    let rooms = rooms();
    for (name, room) in &rooms {
        for used in &room.may_use {
            let other = rooms.get(used).unwrap_or_else(|| panic!("{name} may use {used}, which is no room"));
            let place = |name: &str| order.iter().position(|other| *other == name);
            let below = other.layer < room.layer || (other.layer == room.layer && place(used) < place(name));
            assert!(below, "{name} may use {used}, which does not stand before it");
        }
    }
}

#[test]
fn every_dependency_stays_in_its_rooms() {
    let manifest = read(&root().join("Cargo.toml"));
    let listed: BTreeSet<String> = dependencies(&manifest);
    let rows = table("## Crates");
    let table: BTreeMap<&str, Vec<&str>> =
        rows.iter().flat_map(|row| names(&row[0]).map(|name| (name, names(&row[1]).collect()))).collect();
    let mapped: BTreeSet<String> = table.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, mapped, "dependencies of Cargo.toml against the crate table of ARCHITECTURE.md");
    let mut wrong = Vec::new();
    let mut unused: BTreeSet<&str> = table.keys().copied().collect();
    for source in sources() {
        let module = source.module.join("/");
        for (name, rooms) in &table {
            let at_home =
                |room: &&str| *room == "anywhere" || (module.clone() + "/").starts_with(&format!("{room}/"));
            let path = format!("{}::", name.replace('-', "_"));
            if behind(&source.code, &path).next().is_some() {
                unused.remove(name);
                if !rooms.iter().any(at_home) {
                    wrong.push(format!("{} uses {name}", source.path.display()));
                }
            }
        }
    }
    assert!(unused.is_empty(), "dependencies that nothing uses: {unused:?}");
    assert!(wrong.is_empty(), "against the crate table of ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

/// Names under `[dependencies]`; the lines are `name = …`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().to_owned()))
        .filter(|name| !name.starts_with('#'))
        .collect()
}

#[test]
fn every_dependency_says_why_it_is_there() {
    for line in read(&root().join("Cargo.toml")).lines().filter(|line| line.contains("version = \"")) {
        let package = line.starts_with("version") || line.starts_with("rust-version");
        assert!(package || line.contains(" # "), "Cargo.toml: no reason beside {line:?}");
    }
}

#[test]
fn the_core_is_pure() {
    const EFFECTS: &[&str] = &[
        "print!",
        "println!",
        "eprint!",
        "eprintln!",
        "dbg!",
        "Instant",
        "SystemTime",
        "env::",
        "tracing::",
        "log::",
        "rand::",
        "thread_rng",
        "from_entropy",
        "from_os_rng",
        "process::exit",
        "process::abort",
    ];
    let rooms = rooms();
    let first = rooms[FIRST_WITH_EFFECTS].layer;
    let mut wrong = Vec::new();
    for source in sources() {
        let below = rooms.get(&source.module[0]).is_some_and(|room| room.layer < first)
            && source.module[0] != FOR_TESTS;
        for effect in EFFECTS.iter().filter(|_| below) {
            let found =
                source.code.match_indices(effect).any(|(at, _)| !source.code[..at].ends_with(is_name));
            if found {
                wrong.push(format!("{} has {effect}", source.path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "below {FIRST_WITH_EFFECTS}, nothing prints, reads clocks …:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_room_opens_with_what_it_is() {
    for path in
        files_below(&root().join("src")).into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs"))
    {
        assert!(read(&path).starts_with("//! "), "{} does not open with what it is", path.display());
    }
}

// --- Files -------------------------------------------------------------------------------------------------------------

/// Every file below a folder, without build results, built indexes, and git's own.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let built = folder == root() && (name.starts_with("target") || name == ".git");
            let data = folder == root().join("indexes") && name != "README.md";
            match () {
                () if built || data || name == "node_modules" => {}
                () if path.is_dir() => folders.push(path),
                () => files.push(path),
            }
        }
    }
    files.sort();
    files
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut dead = Vec::new();
    for page in files_below(root()).into_iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        for link in links(&read(&page)) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let missing_anchor = || {
                let headings = target.extension().is_some_and(|e| e == "md") && !anchor.is_empty();
                headings && !anchors(&read(&target)).contains(anchor)
            };
            if !target.exists() || missing_anchor() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

/// Relative targets of `[text](target)` outside code.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let prose: String = line.split('`').step_by(2).collect();
        for (at, _) in prose.match_indices("](").filter(|_| !fenced) {
            let target = prose[at + 2..].split([')', ' ']).next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}

/// Headings as the places that links name: lower case, spaces to dashes, punctuation gone.
fn anchors(page: &str) -> BTreeSet<String> {
    let slug = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        text.chars().filter(|c| is_name(*c) || *c == '-').collect()
    };
    page.lines().filter(|line| line.starts_with('#')).map(slug).collect()
}

#[test]
fn nothing_names_a_machine_or_a_registry_host() {
    // Put together here, so that this file does not hold what it looks for.
    let wanted = [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["shared/ho", "oks"],
        ["static.cra", "tes"],
        ["crates.io/", "api"],
        ["py", "pi.org"],
        ["pythonho", "sted"],
        ["registry.n", "pmjs"],
        ["deb.de", "bian"],
        ["proxy.gol", "ang"],
    ]
    .map(|parts| parts.concat());
    let mut found = Vec::new();
    for path in files_below(root()).into_iter().filter(|path| !path.ends_with("Cargo.lock")) {
        let Ok(text) = fs::read_to_string(&path) else { continue }; // not text
        for word in wanted.iter().filter(|word| text.contains(word.as_str())) {
            found.push(format!("{} names {word}", path.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_changelog_begins_with_this_version() {
    let changelog = read(&root().join("CHANGELOG.md"));
    let first =
        changelog.lines().find_map(|line| line.strip_prefix("## ")).expect("a version in CHANGELOG.md");
    let version = first.split([' ', '—']).next().unwrap_or_default();
    assert_eq!(version.trim_matches(['[', ']']), env!("CARGO_PKG_VERSION"), "first version of CHANGELOG.md");
}

#[test]
fn released_migrations_never_change() {
    let mut found = Vec::new();
    for path in files_below(&root().join("migrations")) {
        let text = fs::read(&path).unwrap();
        found.push((path.file_name().unwrap().to_string_lossy().into_owned(), crc32fast::hash(&text)));
    }
    let store = read(&root().join("src/store/mod.rs"));
    for (name, _) in &found {
        assert!(store.contains(name.as_str()), "src/store/mod.rs does not run {name}");
    }
    let found: Vec<(&str, u32)> = found.iter().map(|(name, sum)| (name.as_str(), *sum)).collect();
    assert_eq!(
        found, MIGRATIONS,
        "a released migration changed (write a new one), or a new one is not pinned"
    );
}

// --- The reader itself -------------------------------------------------------------------------------------------------

#[test]
fn paths_are_read_out_of_code() {
    let source = |module: &[&str], code: &str| Source {
        path: PathBuf::from("x.rs"),
        module: module.iter().map(|name| (*name).to_owned()).collect(),
        code: code_of(code),
    };
    let used = |source: &Source| rooms_used(source).into_iter().collect::<Vec<_>>();
    let code =
        "use crate::{error::{Error, Result}, text};\nlet x = crate::vocab::WordId(0); // crate::engine\n";
    assert_eq!(used(&source(&["search"], code)), ["error", "text", "vocab"]);
    let code =
        "use super::super::store::Store;\nuse super::Mode;\n#[cfg(test)]\nmod tests {\nuse crate::engine;\n}";
    assert_eq!(used(&source(&["search", "keyword"], code)), ["store"]);
    assert_eq!(links("see [a](b.md#c) and `[x](y)`, [d](https://e)"), ["b.md#c"]);
}
