//! Search over REST.

use super::Service;
use serde_json::{Value, json};

fn ids(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect()
}

#[test]
fn hard_tokens_find_the_word_and_soft_tokens_its_meaning() {
    let service = Service::start();
    let ask = |mode: &str| {
        service
            .post("/v1/collections/town/search", &json!({"query": "lender", "mode": mode, "limit": 20}))
            .json()
    };
    let keyword = ask("keyword");
    assert_eq!(ids(&keyword).len(), 12);
    assert!(ids(&keyword).iter().all(|id| id.starts_with("loan-")));
    assert_eq!(keyword["hits"][0]["matches"][0]["document_word"], "lender");
    let soft = ask("static");
    assert!(ids(&soft)[..12].iter().all(|id| id.starts_with("loan-")), "{:?}", ids(&soft));
}

#[test]
fn shares_and_the_rest_make_the_whole_score() {
    let service = Service::start();
    let short = json!([{"id": "short", "text": "lender deposit"}]);
    service.post("/v1/collections/town/documents?wait=indexed", &short);
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    let shares = |hit: &Value| -> f64 {
        hit["matches"].as_array().unwrap().iter().map(|found| number(&found["share"])).sum()
    };
    for mode in ["keyword", "neighbours", "static", "hybrid"] {
        let body = json!({"query": "lender deposit", "mode": mode, "limit": 20});
        let answer = service.post("/v1/collections/town/search", &body).json();
        let hits = answer["hits"].as_array().unwrap_or_else(|| panic!("{mode}: {answer}"));
        for hit in hits.iter().filter(|hit| number(&hit["score"]) > 0.0) {
            assert!((shares(hit) + number(&hit["rest"]) - 1.0).abs() < 1e-5, "{mode}: {hit}");
        }
        // Two words have four pairs at most, so that none is left out.
        if ["keyword", "static"].contains(&mode) {
            let hit = hits.iter().find(|hit| hit["id"] == "short").unwrap();
            assert!(number(&hit["rest"]).abs() < 1e-3, "{mode}: {hit}");
        }
    }
}

#[test]
fn chinese_queries_meet_the_same_tokens() {
    let service = Service::start();
    let answer =
        service.post("/v1/collections/town/search", &json!({"query": "银行利息", "mode": "keyword"})).json();
    assert_eq!(answer["words"], json!(["银行", "利息"]));
    assert!(ids(&answer).iter().all(|id| id.starts_with("钱-")));
    let hit = &answer["hits"][0];
    assert!(hit["snippet"].as_str().unwrap().contains("这家银行的贷款"), "{hit}");
    assert_eq!(hit["fields"]["topic"], "钱");
}

#[test]
fn an_empty_answer_says_why() {
    let service = Service::start();
    for mode in ["keyword", "static"] {
        let body = json!({"query": "intrest", "mode": mode});
        let answer = service.post("/v1/collections/town/search", &body).json();
        assert!(ids(&answer).is_empty());
        assert_eq!(answer["unknown_words"], json!(["intrest"]));
        assert!(answer["empty_because"].as_str().unwrap().contains("nearest: interest"), "{answer}");
    }
    let answer =
        service.post("/v1/collections/town/search", &json!({"query": "?!", "mode": "static"})).json();
    assert_eq!(answer["empty_because"], "the query holds no word");
}

#[test]
fn a_service_takes_up_what_another_process_builds() {
    let service = Service::start();
    service.program.write("more.txt", "The lighthouse keeper wrote a letter.");
    service.program.ok(&["ingest", "town", "more.txt"]);
    let found = || {
        let body = json!({"query": "lighthouse", "mode": "keyword"});
        ids(&service.post("/v1/collections/town/search", &body).json()).len()
    };
    let tries = (0..50).take_while(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        found() == 0
    });
    assert!(tries.count() < 50, "not taken up within five seconds");
}

fn search(service: &Service, body: &Value) -> Value {
    let reply = service.post("/v1/collections/town/search", body);
    assert_eq!(reply.status, 200, "{body}: {}", reply.body);
    reply.json()
}

#[test]
fn filters_facets_sorting_and_pages_are_the_same_in_every_mode() {
    let service = Service::start();
    for mode in ["keyword", "static"] {
        let filter = "topic = loan OR topic IN [river]";
        let body =
            json!({"query": "bank", "mode": mode, "filter": filter, "facets": ["topic"], "limit": 1000});
        let answer = search(&service, &body);
        assert_eq!(
            (&answer["total_hits"], &answer["filtered_documents"]),
            (&json!(24), &json!(24)),
            "{mode}"
        );
        assert_eq!(answer["facets"]["topic"]["values"], json!({"loan": 12, "river": 12}), "{mode}");
        assert!(ids(&answer).iter().all(|id| !id.starts_with('钱')), "{mode}: {:?}", ids(&answer));
        let sorted = json!({"query": "bank", "mode": mode, "filter": [["topic = loan", "topic = 钱"]], "sort": ["id:desc"], "limit": 2});
        let answer = search(&service, &sorted);
        if mode == "keyword" {
            assert_eq!(ids(&answer), ["loan-9", "loan-8"]);
        }
        let page = json!({"query": "bank lender", "mode": mode, "filter": filter, "limit": 3, "offset": 2});
        let whole = json!({"query": "bank lender", "mode": mode, "filter": filter, "limit": 5});
        let (page, whole) = (search(&service, &page), search(&service, &whole));
        assert_eq!(ids(&page), ids(&whole)[2..], "{mode}");
        assert_eq!((&page["hits"][0]["rank"], &page["offset"]), (&json!(3), &json!(2)));
        let none = json!({"query": "bank", "mode": mode, "filter": "topic = sea"});
        assert_eq!(search(&service, &none)["empty_because"], "no document passes the filter", "{mode}");
    }
    let body = json!({"query": "bank", "filter": "topic = river", "k": 30});
    let contrast = service.post("/v1/collections/town/contrast", &body).json();
    for answer in contrast["answers"].as_array().unwrap() {
        assert!(ids(answer).iter().all(|id| id.starts_with("river-")) && !ids(answer).is_empty(), "{answer}");
        assert_eq!(answer["filtered_documents"], 12);
    }
}

#[test]
fn operators_ask_for_what_they_say() {
    let service = Service::start();
    let ask = |query: &str, mode: &str| {
        search(
            &service,
            &json!({"query": query, "mode": mode, "keyword": {"syntax": "operators"}, "limit": 50}),
        )
    };
    let found = ask("+bank -river", "keyword");
    assert!(ids(&found).len() == 12 && ids(&found).iter().all(|id| id.starts_with("loan-")));
    assert_eq!(ids(&ask("\"the lender asks\"", "keyword")).len(), 12);
    assert_eq!(ids(&ask("lend*", "keyword"))[0].split('-').next(), Some("loan"));
    let fuzzy = ask("intrest~", "keyword");
    assert_eq!(fuzzy["hits"][0]["matches"][0]["document_word"], "interest");
    assert_eq!(fuzzy["hits"][0]["matches"][0]["query_word"], "intrest~1");
    assert_eq!(ask("lender -river", "static")["words"], json!(["lender"]));
    assert_eq!(ask("topic:钱 AND text:银行", "keyword")["total_hits"], 12);
    // Without being asked for, no character does anything.
    let plain = search(&service, &json!({"query": "-river \"bank* (isn't it?", "mode": "keyword"}));
    assert_eq!(plain["words"], json!(["river", "bank", "isn't", "it"]));
}

#[test]
fn highlights_lead_to_the_very_bytes() {
    let service = Service::start();
    let documents: std::collections::HashMap<String, Value> = crate::program::town_documents()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|document| (document["id"].as_str().unwrap().to_owned(), document))
        .collect();
    for (query, mode, expected) in [
        ("loans note", "keyword", vec!["Note", "loan"]),
        ("银行利息", "keyword", vec!["银行", "利息"]),
        ("lender", "static", vec![]),
        ("\"lends money\"", "keyword", vec!["lends", "money"]),
    ] {
        let syntax = if query.starts_with('"') { "operators" } else { "words" };
        let body = json!({"query": query, "mode": mode, "highlight": {"pre_tag": "[", "post_tag": "]"}, "keyword": {"syntax": syntax}});
        let answer = search(&service, &body);
        let hit = &answer["hits"][0];
        let document = &documents[hit["id"].as_str().unwrap()];
        let mut words = Vec::new();
        for place in hit["highlights"].as_array().unwrap() {
            let text = document[place["field"].as_str().unwrap()].as_str().unwrap();
            let (start, end) = (place["start"].as_u64().unwrap(), place["end"].as_u64().unwrap());
            words.push(text[start as usize..end as usize].to_lowercase());
        }
        assert!(!words.is_empty(), "{query}: {hit}");
        for word in expected {
            assert!(words.contains(&word.to_lowercase()), "{query}: {words:?}");
        }
        let shown = hit["highlighted"].to_string();
        assert!(
            shown.contains(&format!("[{}]", words.last().unwrap())) || mode == "static",
            "{shown} {words:?}"
        );
    }
}

#[test]
fn settings_hold_from_the_next_build_on() {
    let service = Service::start();
    let settings = "/v1/collections/town/settings";
    let before = service.get(settings).json();
    assert_eq!((&before["stemming"], &before["index_stemming"]), (&json!("auto"), &json!("english")));
    assert_eq!(before["in_effect"], true);
    let body = json!({"stemming": "none", "fields": {"topic": {"searchable": true}, "title": {"weight": 2}}});
    assert_eq!(service.put(settings, &body).json()["in_effect"], false);
    assert_eq!(service.get("/v1/collections/town").json()["up_to_date"], false);
    service.program.ok(&["index", "town"]);
    let after = service.program.ok(&["settings", "town", "--json"]);
    let after: Value = serde_json::from_str(&after).unwrap();
    assert_eq!((&after["in_effect"], &after["index_stemming"]), (&json!(true), &json!("none")));
    assert_eq!(after["searched_fields"], json!(["text", "title", "topic"]));
    for (bad, pointer) in [
        (json!({"fields": {"a": {"weight": 2}}}), "/fields/a/weight"),
        (json!({"fields": {"text": {"type": "date"}}}), "/fields/text/type"),
    ] {
        let reply = service.put(settings, &bad);
        assert_eq!((reply.status, reply.json()["errors"][0]["pointer"].as_str()), (422, Some(pointer)));
    }
}
