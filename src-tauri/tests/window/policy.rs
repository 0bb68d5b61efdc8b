//! Nothing gets in, and nobody is led out: what the page may load, run, and show.

use crate::computer::Home;
use serde_json::{Value, json};

/// Adds a link to the page and follows it; `set` gives it its attributes.
const FOLLOW_A_LINK: &str = "const link = document.createElement('a');
    Object.assign(link, arguments[0]);
    link.textContent = 'out';
    document.body.append(link);
    link.click();";

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn nothing_leads_out_of_the_page() {
    let home = Home::new();
    let window = home.open().await;
    let began = window.client.current_url().await.expect("an address");
    assert_eq!(began.scheme(), "tauri");
    window.script("window.stillThere = true", vec![]).await;

    let out = home.path().join("out.html");
    std::fs::write(&out, "<title>out</title>").expect("written");
    let file = format!("file://{}", out.display());
    let ways: [(&str, Value); 8] = [
        (FOLLOW_A_LINK, json!({ "href": "https://example.org/" })),
        (
            FOLLOW_A_LINK,
            json!({ "href": "https://example.org/", "target": "_blank" }),
        ),
        (FOLLOW_A_LINK, json!({ "href": "data:text/html,out" })),
        (
            FOLLOW_A_LINK,
            json!({ "href": "https://example.org/x", "download": "x" }),
        ),
        ("location = arguments[0]", json!("http://127.0.0.1:9/")),
        ("location = arguments[0]", json!(file)),
        ("location = arguments[0]", json!("tauri://elsewhere/")),
        ("window.open(arguments[0])", json!("https://example.org/")),
    ];
    for (script, target) in ways {
        // A refused navigation may come back as an error of the driver: what counts is what stands.
        let _ = window.client.execute(script, vec![target.clone()]).await;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        let stands = window.client.current_url().await.expect("an address");
        assert_eq!(stands, began, "{script} with {target}");
        assert_eq!(
            window.script("return window.stillThere", vec![]).await,
            true,
            "{script} with {target}"
        );
        assert_eq!(
            window.client.windows().await.expect("windows").len(),
            1,
            "{script} with {target}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn nothing_foreign_runs_or_loads() {
    let home = Home::new();
    let window = home.open().await;
    // Each tries something and says whether it was done. (The driver's own script is not the page's.)
    let tried = "const [way, done] = arguments;
        const refused = () => done('refused');
        const ways = {
            inline() {
                const script = document.createElement('script');
                script.textContent = 'window.ran = true';
                document.head.append(script);
                done(window.ran === true ? 'done' : 'refused');
            },
            handler() {
                const button = document.createElement('button');
                button.setAttribute('onclick', 'window.ran = true');
                document.body.append(button);
                button.click();
                done(window.ran === true ? 'done' : 'refused');
            },
            eval() {
                const script = document.createElement('script');
                try { (0, eval)('1'); done('done'); } catch { refused(); }
            },
            fetch() { fetch('http://127.0.0.1:9/').then(() => done('done'), refused); },
            script() {
                const script = document.createElement('script');
                script.onload = () => done('done');
                script.onerror = refused;
                script.src = 'data:text/javascript,1';
                document.head.append(script);
            },
            image() {
                const image = new Image();
                image.onload = () => done('done');
                image.onerror = refused;
                image.src = 'http://127.0.0.1:9/x.png';
            },
            frame() {
                document.addEventListener('securitypolicyviolation', refused, { once: true });
                const frame = document.createElement('iframe');
                frame.src = 'data:text/html,x';
                document.body.append(frame);
            },
            own() { fetch('/index.html').then((page) => done(page.ok ? 'done' : 'refused'), refused); },
        };
        ways[way]();";
    for (way, expected) in [
        ("inline", "refused"),
        ("handler", "refused"),
        ("eval", "refused"),
        ("fetch", "refused"),
        ("script", "refused"),
        ("image", "refused"),
        ("frame", "refused"),
        ("own", "done"), // the control
    ] {
        let outcome = window
            .client
            .execute_async(tried, vec![json!(way)])
            .await
            .expect(way);
        assert_eq!(outcome, expected, "{way}");
    }
}
