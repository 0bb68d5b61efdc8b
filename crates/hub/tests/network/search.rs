//! Live search, and the token's check, against a hub on loopback.

use crate::web::{Asked, Web, answer, endpoint, network};
use protocol::{HubFormat, HubSearch, HubSort, RepositoryRef};
use serde_json::{Value, json};

fn reply(body: &Value) -> String {
    answer(
        "200 OK",
        &[("content-type", "application/json")],
        &body.to_string(),
    )
}

/// Path and query of what was asked.
fn target(asked: &Asked) -> &str {
    asked.line.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn what_is_asked_for_is_asked_of_the_hub() {
    let check = async |search: HubSearch, expected: &str| {
        let web = Web::serve(|_| reply(&json!([]))).await;
        let (network, _home) = network(endpoint(&web.address()), &[]);
        network.search(&search).await.unwrap();
        let asked = web.asked();
        let (rest, facts) = target(&asked[0])
            .split_once("&direction=-1&limit=40")
            .unwrap();
        assert_eq!(rest, format!("/api/models?{expected}"), "{search:?}");
        assert!(facts.starts_with("&expand="), "{facts}");
    };
    let text = |text: &str| HubSearch {
        text: text.into(),
        ..HubSearch::default()
    };
    check(text(""), "pipeline_tag=text-generation&sort=downloads").await;
    check(
        text(" qwen 3 "),
        "search=qwen+3&pipeline_tag=text-generation&sort=downloads",
    )
    .await;
    check(
        text("a&b=c"),
        "search=a%26b%3Dc&pipeline_tag=text-generation&sort=downloads",
    )
    .await;
    check(
        text("owner/"),
        "author=owner&pipeline_tag=text-generation&sort=downloads",
    )
    .await;
    let all = HubSearch {
        text: "owner/name".into(),
        language: Some("zh-Hans".into()),
        licence: Some("apache-2.0".into()),
        format: Some(HubFormat::Gguf),
        sort: HubSort::Changed,
        after: None,
    };
    check(all, "author=owner&search=name&filter=gguf&filter=zh&filter=license%3Aapache-2.0&sort=lastModified").await;
}

#[tokio::test]
async fn pages_follow_one_another_at_the_endpoint_alone() {
    let elsewhere = Web::serve(|_| reply(&json!([]))).await;
    let link = format!(
        "<http://127.0.0.1:{}/api/models?cursor=b%3D>; rel=\"next\"",
        elsewhere.port
    );
    let one = |name: &str| json!([{"id": name, "tags": ["gguf"]}]).to_string();
    let web = Web::serve(move |asked| {
        if target(asked).contains("cursor=b") {
            answer("200 OK", &[], &one("owner/second"))
        } else {
            answer("200 OK", &[("link", &link)], &one("owner/first"))
        }
    })
    .await;
    let (network, _home) = network(endpoint(&web.address()), &[("HF_TOKEN", "hf_a")]);
    let mut search = HubSearch::default();
    let mut names = Vec::new();
    loop {
        let found = network.search(&search).await.unwrap();
        names.extend(found.repositories.into_iter().map(|it| it.repository));
        search.after = found.next;
        if search.after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["owner/first", "owner/second"]);
    assert_eq!(target(&web.asked()[1]), "/api/models?cursor=b%3D");
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn what_the_hub_says_is_taken_as_far_as_it_makes_sense() {
    let whole = json!({
        "id": "bartowski/Name-GGUF", "downloads": 12, "likes": 3, "gated": "manual",
        "lastModified": "2026-11-20T10:00:00.000Z", "gguf": {"total": 1_235_814_432_u64},
        "tags": ["gguf", "en", "zh", "tf", "license:apache-2.0", "region:us",
            "base_model:owner/Name", "base_model:quantized:owner/Name"],
    });
    let odd = json!({
        "id": "owner/odd", "downloads": -1, "likes": "many", "gated": null, "tags": ["safetensors",
            3, "license:a\nb<script>", "base_model:../../etc"],
        "lastModified": "yesterday", "safetensors": {"total": 1e30}, "more": {"x": [[[]]]},
    });
    let web = Web::serve(move |_| {
        reply(
            &json!([whole, odd, {"id": "../../etc/passwd", "tags": ["gguf"]}, {"tags": ["gguf"]},
            {"id": "owner/picture", "tags": ["diffusers"]}]),
        )
    })
    .await;
    let (network, _home) = network(endpoint(&web.address()), &[]);
    let found = network.search(&HubSearch::default()).await.unwrap();
    let said = serde_json::to_value(&found).unwrap();
    assert_eq!(
        said,
        json!({"next": null, "repositories": [
            {
                "repository": "bartowski/Name-GGUF", "catalogue": null, "formats": ["gguf"],
                "licence": "apache-2.0", "languages": ["en", "zh"], "parameters": 1_235_814_432_u64,
                "parent": "owner/Name", "gated": true, "downloads": 12, "likes": 3, "changed": "2026-11-20",
            },
            {
                "repository": "owner/odd", "catalogue": null, "formats": ["safetensors"],
                "licence": "a b<script>", "languages": [], "parameters": null,
                "parent": null, "gated": false, "downloads": 0, "likes": 0, "changed": null,
            },
        ]})
    );
}

#[tokio::test]
async fn a_repository_of_the_catalogue_is_known() {
    let id = "mistralai/Mistral-7B-Instruct-v0.1".to_owned();
    let body = json!([
        {"id": id.to_uppercase(), "tags": ["safetensors"]},
        {"id": "someone/else-GGUF", "tags": ["gguf", format!("base_model:quantized:{id}")]},
    ]);
    let web = Web::serve(move |_| reply(&body)).await;
    let (network, _home) = network(endpoint(&web.address()), &[]);
    let found = network.search(&HubSearch::default()).await.unwrap();
    for repository in found.repositories {
        assert_eq!(repository.catalogue.as_ref(), Some(&id), "{repository:?}");
    }
}

#[tokio::test]
async fn answers_without_sense_or_end_are_refused() {
    let endless = "[".to_owned() + &" ".repeat(5 << 20) + "]";
    for body in [
        "",
        "{}",
        "[1]",
        "<html>secret</html>",
        &endless,
        &"[".repeat(100_000),
    ] {
        let text = answer("200 OK", &[], body);
        let web = Web::serve(move |_| text.clone()).await;
        let (network, _home) = network(endpoint(&web.address()), &[]);
        let error = network.search(&HubSearch::default()).await.unwrap_err();
        assert_eq!(error.key, "hub-answer");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

const COMMIT: &str = "0123456789012345678901234567890123456789";

#[tokio::test]
async fn a_repository_shows_its_models_and_its_card() {
    let sha256 = "A".repeat(64);
    let tree = json!([
        {"type": "directory", "path": "Q8"},
        {"type": "file", "path": "README.md", "size": 100},
        {"type": "file", "path": "x-Q4_K_M.gguf", "size": 400, "oid": "1", "lfs": {"oid": sha256, "size": 400}},
        {"type": "file", "path": "Q8/x-Q8_0-00001-of-00002.gguf", "size": 500},
        {"type": "file", "path": "../../x.gguf", "size": 1},
    ]);
    let rest = json!([{"type": "file", "path": "Q8/x-Q8_0-00002-of-00002.gguf", "size": 500}]);
    let web = Web::serve(move |asked| match target(asked) {
        "/mirror/api/models/owner/name/revision/main" => reply(&json!({
            "id": "owner/name", "sha": COMMIT, "tags": ["gguf"], "downloads": 7,
        })),
        t if t == format!("/mirror/api/models/owner/name/tree/{COMMIT}?recursive=true") => answer(
            "200 OK",
            &[("link", "<?recursive=true&cursor=2>; rel=\"next\"")],
            &tree.to_string(),
        ),
        t if t
            == format!("/mirror/api/models/owner/name/tree/{COMMIT}?recursive=true&cursor=2") =>
        {
            reply(&rest)
        }
        t if t == format!("/mirror/owner/name/resolve/{COMMIT}/README.md") => answer(
            "307 Temporary Redirect",
            &[("location", "/cache/README.md")],
            "",
        ),
        "/cache/README.md" => answer("200 OK", &[], "---\nlicense: mit\n---\n# Name <b>"),
        _ => answer("404 Not Found", &[], ""),
    })
    .await;
    let (network, _home) = network(endpoint(&format!("{}/mirror/", web.address())), &[]);
    let wanted = RepositoryRef {
        repository: "owner/name".into(),
        revision: None,
    };
    let details = network.details(&wanted).await.unwrap();
    assert_eq!(details.revision, COMMIT);
    assert_eq!(details.repository.downloads, 7);
    assert_eq!(details.card.as_deref(), Some("# Name <b>"));
    assert_eq!(
        serde_json::to_value(&details.files).unwrap(),
        json!([
            {"files": ["x-Q4_K_M.gguf"], "kind": "Q4_K_M", "bytes": 400, "sha256": "a".repeat(64), "layers": null, "context": null, "fit": null},
            {
                "files": ["Q8/x-Q8_0-00001-of-00002.gguf", "Q8/x-Q8_0-00002-of-00002.gguf"],
                "kind": "Q8_0", "bytes": 1000, "sha256": null, "layers": null, "context": null, "fit": null,
            },
        ])
    );
    for (repository, revision) in [
        ("../x", None),
        ("a/b/c", None),
        ("a/b?c", None),
        ("owner/name", Some("")),
        ("owner/other", None),
    ] {
        let wanted = RepositoryRef {
            repository: repository.into(),
            revision: revision.map(str::to_owned),
        };
        assert_eq!(
            network.details(&wanted).await.unwrap_err().key,
            "hub-unknown",
            "{repository}"
        );
    }
}

/// The card is at another host, as large ones are.
#[tokio::test]
async fn a_redirect_to_another_host_does_not_carry_the_token() {
    let elsewhere = Web::serve(|_| answer("200 OK", &[], "# Card")).await;
    let to = format!("http://localhost:{}/signed?secret=1", elsewhere.port);
    let web = Web::serve(move |asked| match target(asked) {
        t if t.contains("/revision/") => reply(&json!({"sha": COMMIT})),
        t if t.contains("/tree/") => reply(&json!([{"type": "file", "path": "README.md"}])),
        _ => answer("302 Found", &[("location", &to)], ""),
    })
    .await;
    let (network, _home) = network(endpoint(&web.address()), &[("HF_TOKEN", "hf_a")]);
    let wanted = RepositoryRef {
        repository: "owner/name".into(),
        revision: Some("v/1".into()),
    };
    let details = network.details(&wanted).await.unwrap();
    assert_eq!(details.card.as_deref(), Some("# Card"));
    let asked = web.asked();
    assert_eq!(target(&asked[0]), "/api/models/owner/name/revision/v%2F1");
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("authorization") == Some("Bearer hf_a"))
    );
    let there = elsewhere.asked();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].header("authorization"), None);
}

#[tokio::test]
async fn redirects_that_lead_astray_are_refused() {
    let check = async |location: &'static str| {
        let web = Web::serve(move |_| answer("302 Found", &[("location", location)], "")).await;
        let (network, _home) = network(endpoint(&web.address()), &[]);
        let error = network.search(&HubSearch::default()).await.unwrap_err();
        assert_eq!(error.key, "redirect-refused", "{location}");
        assert!(web.asked().len() <= 6);
    };
    check("file:///etc/passwd").await;
    check("/for/ever").await;
}

#[tokio::test]
async fn the_hub_says_whose_the_token_is() {
    let web = Web::serve(|asked| match asked.header("authorization") {
        Some("Bearer hf_good") => reply(&json!({
            "type": "user", "name": "ada", "auth": {"type": "access_token",
                "accessToken": {"displayName": "x", "role": "read"}},
        })),
        Some("Bearer hf_old") => reply(&json!({"name": "ada"})),
        _ => answer(
            "401 Unauthorized",
            &[],
            "{\"error\":\"Invalid username or password.\"}",
        ),
    })
    .await;
    let check = async |token: &str, expected: Result<(&str, Option<&str>), &str>| {
        let (network, _home) = network(endpoint(&web.address()), &[("HF_TOKEN", token)]);
        let checked = network.check_token().await;
        let said = checked
            .as_ref()
            .map(|it| (it.account.as_str(), it.role.as_deref()));
        assert_eq!(said.map_err(|e| e.key.as_str()), expected);
        assert!(!format!("{checked:?}").contains("hf_"));
    };
    check("hf_good", Ok(("ada", Some("read")))).await;
    check("hf_old", Ok(("ada", None))).await;
    check("hf_bad", Err("token-refused")).await;
    check("", Err("token-refused")).await;
}

/// The first bytes of a GGUF file of this many layers, and a tokenizer that does not end in them.
/// All of them are ASCII.
fn gguf_start(layers: u8) -> String {
    let number = |number: u8| format!("{}\0\0\0\0\0\0\0", char::from(number));
    let text = |text: &str| format!("{}{text}", number(text.len() as u8));
    let kind = |kind: u8| format!("{}\0\0\0", char::from(kind));
    let mut start = format!("GGUF{}{}{}", kind(3), number(1), number(9));
    start += &(text("general.architecture") + &kind(8) + &text("llama"));
    for (key, value) in [
        ("context_length", "\0\x10\0\0".to_owned()),
        ("embedding_length", "\0\x10\0\0".to_owned()),
        ("block_count", kind(layers)),
        ("attention.head_count", kind(32)),
        ("attention.head_count_kv", kind(8)),
    ] {
        start += &(text(&format!("llama.{key}")) + &kind(4) + &value);
    }
    start += &(text("tokenizer.ggml.model") + &kind(8) + &text("gpt2"));
    start + &text("tokenizer.ggml.tokens") + &kind(9) + &kind(8) + &number(100)
}

#[tokio::test]
async fn what_layers_are_like_is_read_from_the_first_bytes_of_each_models_file() {
    let (small, large) = (gguf_start(16), gguf_start(32) + &"\0".repeat(1 << 20));
    let config = "{\"model_type\":\"llama\",\"num_hidden_layers\":24,\"num_attention_heads\":16,\
                  \"hidden_size\":1024,\"max_position_embeddings\":8192}";
    let file = |path: &str| json!({"type": "file", "path": path, "size": 500});
    let paths = [
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "a-Q4_K_M.gguf",
        "a-Q8_0.gguf",
        "b-Q8_0.gguf",
        "c.gguf",
        "d.gguf",
    ];
    let tree = Value::Array(paths.iter().map(|path| file(path)).collect());
    let web = Web::serve(move |asked| match target(asked) {
        t if t.contains("/revision/") => reply(&json!({"sha": COMMIT})),
        t if t.contains("/tree/") => reply(&tree),
        t if t.ends_with("/config.json") => answer("206 Partial Content", &[], config),
        t if t.ends_with("/a-Q4_K_M.gguf") => answer("206 Partial Content", &[], &small),
        // All of it, though only the beginning was asked for.
        t if t.ends_with("/b-Q8_0.gguf") => answer("200 OK", &[], &large),
        _ => answer("200 OK", &[], "<html>no model</html>"),
    })
    .await;
    let (network, _home) = network(endpoint(&web.address()), &[]);
    let wanted = RepositoryRef {
        repository: "owner/name".into(),
        revision: None,
    };
    let details = network.details(&wanted).await.unwrap();
    let told = details.files.iter().map(|it| {
        let layers = it.layers.map(|of| (of.layers, of.kv_heads, of.head_dim));
        (it.files.join(" "), layers, it.context)
    });
    let told: Vec<_> = told.collect();
    let of = |path: &str, layers, context| (path.to_owned(), layers, context);
    assert_eq!(
        told,
        [
            of("", Some((24, 16, 64)), Some(8192)),
            of("a-Q4_K_M.gguf", Some((16, 8, 128)), Some(4096)),
            of("a-Q8_0.gguf", Some((16, 8, 128)), Some(4096)),
            of("b-Q8_0.gguf", Some((32, 8, 128)), Some(4096)),
            of("c.gguf", None, None),
            of("d.gguf", None, None),
        ]
    );
    let asked = web.asked();
    let ranged = asked.iter().filter(|asked| {
        asked
            .header("range")
            .inspect(|range| assert_eq!(*range, "bytes=0-262143"))
            .is_some()
    });
    let ranged: Vec<_> = ranged
        .map(|asked| target(asked).rsplit('/').next())
        .collect();
    let expected = ["config.json", "a-Q4_K_M.gguf", "b-Q8_0.gguf", "c.gguf"];
    assert_eq!(ranged, expected.map(Some));
}
