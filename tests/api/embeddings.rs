//! Vectors of texts, as OpenAI's clients ask for them.

use super::Service;
use serde_json::{Value, json};

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

#[test]
fn numbers_and_base64_are_the_same_vectors_of_length_one() {
    let service = Service::start();
    let texts = json!(["the bank lends money", "银行的贷款利息"]);
    let ask = |format: &str| {
        let body = json!({"model": "town", "input": texts, "encoding_format": format, "user": "someone"});
        service.post("/v1/embeddings", &body).json()
    };
    let (numbers, base64) = (ask("float"), ask("base64"));
    assert_eq!((numbers["object"].as_str(), numbers["model"].as_str()), (Some("list"), Some("town")));
    assert_eq!(numbers["usage"]["prompt_tokens"], numbers["usage"]["total_tokens"]);
    for index in 0..2 {
        assert_eq!(numbers["data"][index]["index"], index);
        let vector = floats(&numbers["data"][index]["embedding"]);
        assert_eq!(vector.len(), 32);
        assert!((vector.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-4);
        assert_eq!(decode(base64["data"][index]["embedding"].as_str().unwrap()), vector);
    }
}

/// Base64 (RFC 4648) of little-endian floats, by hand.
fn decode(text: &str) -> Vec<f32> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, letter| {
            (bits << 6) | LETTERS.iter().position(|known| known == letter).unwrap() as u32
        });
        let bits = bits << (6 * (4 - group.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

#[test]
fn what_has_no_vector_says_which_text_and_why() {
    let service = Service::start();
    for (body, told) in [
        (json!({"model": "town", "input": ["river", "xyzzy"]}), "input/1"),
        (json!({"model": "town", "input": []}), "a text, or several"),
        (json!({"model": "town", "input": "river", "dimensions": 7}), "dimensions: expected 32"),
        (json!({"model": "town", "input": [[1, 2, 3]]}), "EmbeddingsInput"),
    ] {
        let reply = service.post("/v1/embeddings", &body);
        assert_eq!(reply.status, 422, "{body}: {}", reply.body);
        assert!(reply.body.contains(told), "{body}: {}", reply.body);
    }
    let reply = service.post("/v1/embeddings", &json!({"model": "none", "input": "river"}));
    assert_eq!(reply.json()["code"], "collection_not_found");
}
