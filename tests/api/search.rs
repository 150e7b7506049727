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
    assert!(ids(&soft).len() > 12); // documents without the word answer too
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
