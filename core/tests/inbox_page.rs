//! The sandbox's inbox page, in a real Chromium.

#![cfg(feature = "sandbox")]

use std::env;
use std::error::Error;
use std::fs;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use egoi_verify::{RequestOptions, Sandbox, SandboxOptions, ValidateOptions, Verification};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{ClientBuilder, Locator};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

type Anything<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const NUMBER: &str = "+351910000000";
const PATIENCE: Duration = Duration::from_secs(5);

// ---- The facts

#[tokio::test]
async fn a_message_appears_without_reloading() -> Anything {
    in_browser(|page| async move {
        page.run("window.neverReloaded = true").await?;
        let verification = page.request(RequestOptions::default()).await?;
        let code = page.sandbox.wait_for_code(NUMBER, PATIENCE).await?;

        page.until("document.querySelectorAll('#messages .message').length === 1").await?;
        assert_eq!(page.text("#messages .number").await?, NUMBER);
        assert_eq!(page.text("#messages .code").await?, code);
        assert_eq!(page.text("#messages mark").await?, code);
        assert_eq!(page.text("#messages .parts").await?, "1");
        assert_eq!(page.text("#messages .request-link").await?, verification.id);
        assert_eq!(page.run("return document.getElementById('welcome').hidden").await?, true);
        assert_eq!(page.run("return window.neverReloaded").await?, true);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_code_read_from_the_page_verifies_and_the_state_follows_without_reloading() -> Anything {
    in_browser(|page| async move {
        page.run("window.neverReloaded = true").await?;
        let verification = page.request(RequestOptions::default()).await?;
        page.until_state("Pending").await?;
        page.until("document.querySelector('#messages .code')").await?;
        let code = page.text("#messages .code").await?;

        let outcome = page.sandbox.client()?.validate(&verification.id, &code, ValidateOptions::default()).await?;
        assert!(outcome.is_verified());
        page.until_state("Verified").await?;
        assert_eq!(page.run("return window.neverReloaded").await?, true);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_countdown_follows_the_sandboxs_clock_and_ends_in_expired() -> Anything {
    in_browser(|page| async move {
        page.click("#freeze").await?;
        page.until("!document.getElementById('frozen').hidden").await?;
        page.request(RequestOptions::default().ttl(Duration::from_secs(300))).await?;
        page.until("document.querySelector('#requests .left')?.textContent === '05:00'").await?;

        page.sandbox.clock().advance(Duration::from_secs(61));
        page.until("document.querySelector('#requests .left').textContent === '03:59'").await?;
        page.click("#advance-1").await?;
        page.until("document.querySelector('#requests .left').textContent === '02:59'").await?;
        page.sandbox.clock().advance(Duration::from_secs(178));
        page.until("document.querySelector('#requests .left').textContent === '00:01'").await?;
        assert_eq!(page.text("#requests .state").await?, "Pending");
        page.sandbox.clock().advance(Duration::from_secs(1));
        page.until_state("Expired").await?;
        assert_eq!(page.text("#requests .left").await?, "–");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_running_clock_counts_down_by_itself_and_is_not_announced() -> Anything {
    in_browser(|page| async move {
        page.request(RequestOptions::default()).await?;
        page.until("document.getElementById('announcement').textContent.startsWith('New message to +351910000000. Code ')").await?;
        page.run(
            "window.said = []; window.counted = new Set();
             const region = document.getElementById('announcement');
             new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
             const left = document.querySelector('#requests .left');
             new MutationObserver(() => counted.add(left.textContent)).observe(left, { childList: true, characterData: true, subtree: true });",
        )
        .await?;
        page.until("counted.size >= 2").await?;
        assert_eq!(page.run("return said").await?, json!([]));

        page.sandbox.clock().advance(Duration::from_secs(600));
        page.until("said.includes('The request for +351910000000 is expired.')").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_control_is_reached_and_operated_with_the_keyboard_alone() -> Anything {
    in_browser(|page| async move {
        page.request(RequestOptions::default()).await?;
        page.until("document.querySelector('#messages .copy') && document.querySelector('#requests tr')").await?;

        page.run(
            "window.controls = [...document.querySelectorAll('a[href], button, input, [tabindex=\"0\"]')].filter((one) => one.checkVisibility());
             window.reached = new Set();",
        )
        .await?;
        let controls = page.run("return controls.length").await?.as_u64().unwrap_or(0);
        assert!(controls >= 11, "only {controls} controls");
        for _ in 0..controls {
            page.press(Key::Tab).await?;
            let unseen = page
                .run(
                    "const one = document.activeElement; reached.add(one);
                     const { outlineStyle, outlineWidth } = getComputedStyle(one);
                     return outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2 ? null : one.outerHTML",
                )
                .await?;
            assert_eq!(unseen, Value::Null, "no visible focus");
        }
        let missed = page.run("return controls.filter((one) => !reached.has(one)).map((one) => one.outerHTML)").await?;
        assert_eq!(missed, json!([]));

        page.tab_to("#advance-10").await?;
        let before = page.text("#now").await?;
        page.press(Key::Enter).await?;
        page.until(&format!("Date.parse(document.getElementById('now').textContent) - Date.parse('{before}') >= 600000")).await?;
        page.tab_to("#advance-1").await?;
        let before = page.text("#now").await?;
        page.press(Key::Enter).await?;
        page.until(&format!("Date.parse(document.getElementById('now').textContent) - Date.parse('{before}') >= 60000")).await?;
        page.tab_to("#freeze").await?;
        page.press(Key::Enter).await?;
        page.until("document.getElementById('freeze').textContent === 'Run'").await?;
        page.press(Key::Enter).await?;
        page.until("document.getElementById('freeze').textContent === 'Freeze'").await?;

        page.tab_to("#messages .copy").await?;
        page.press(Key::Enter).await?;
        page.until("document.querySelector('#messages .copy .label').textContent === 'Copied'").await?;
        page.tab_to("#messages .request-link").await?;
        page.press(Key::Enter).await?;
        page.until("document.activeElement === document.querySelector('#requests tr')").await?;

        page.tab_to("#filter").await?;
        for digit in "+44".chars() {
            page.press_char(digit).await?;
        }
        page.until("document.getElementById('messages').hidden").await?;
        for _ in 0..3 {
            page.press(Key::Backspace).await?;
        }
        page.until("!document.getElementById('messages').hidden").await?;

        page.tab_to("#empty").await?;
        page.press(Key::Enter).await?;
        page.until("!document.getElementById('welcome').hidden").await?;
        assert_eq!(page.run("return document.querySelectorAll('#requests tr').length").await?, 1);
        page.tab_to("#copy-command").await?;
        page.press(Key::Enter).await?;
        page.until("document.querySelector('#copy-command .label').textContent === 'Copied'").await?;
        page.tab_to("#reset").await?;
        page.press(Key::Enter).await?;
        page.until("document.getElementById('requests-table').hidden").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nothing_is_loaded_from_elsewhere_and_the_browser_has_no_complaint() -> Anything {
    in_browser(|page| async move {
        let verification = page.request(RequestOptions::default()).await?;
        page.until("document.querySelector('#messages .copy')").await?;
        page.click("#messages .copy").await?;
        page.click("#advance-1").await?;
        page.sandbox.client()?.cancel(&verification.id, Default::default()).await?;
        page.until_state("Cancelled").await?;
        page.click("#empty").await?;
        page.until("!document.getElementById('welcome').hidden").await?;

        let asked = page.addresses_asked().await?;
        assert!(asked.iter().any(|url| url.ends_with("/sandbox/events")), "{asked:?}");
        let elsewhere: Vec<_> = asked.iter().filter(|url| !url.starts_with(&format!("{}/", page.origin))).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        assert_eq!(page.complaints().await?, json!([]));

        // The check itself: an inline style is against the policy, and that is seen.
        page.run("document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))")
            .await?;
        assert!(page.complaints().await?.to_string().contains("Content Security Policy"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn markup_in_a_message_is_shown_as_text() -> Anything {
    in_browser(|page| async move {
        let text = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'><b>{CODE}</b> &amp;";
        page.request(RequestOptions::default().message(text)).await?;
        let code = page.sandbox.wait_for_code(NUMBER, PATIENCE).await?;
        page.until("document.querySelector('#messages .text')").await?;
        assert_eq!(page.text("#messages .text").await?, text.replace("{CODE}", &code));
        assert_eq!(page.run("return document.querySelectorAll('#messages :is(script, img, b)').length").await?, 0);
        assert_eq!(page.run("return window.ran ?? null").await?, Value::Null);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_screen_reader_finds_names_landmarks_and_one_heading_of_the_first_level() -> Anything {
    in_browser(|page| async move {
        page.request(RequestOptions::default()).await?;
        page.until("document.querySelector('#messages .copy') && document.querySelector('#requests tr')").await?;
        assert_eq!(page.run("return document.documentElement.lang").await?, "en");

        // Narrow too: there the table is laid out as blocks and must stay a table.
        for width in [1280, 320] {
            page.width(width).await?;
            let tree = page.cdp("Accessibility.getFullAXTree", json!({})).await?;
            let nodes: Vec<(&str, &str, &Value)> = tree["nodes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|node| node["ignored"] == false)
                .map(|node| {
                    (
                        node["role"]["value"].as_str().unwrap_or(""),
                        node["name"]["value"].as_str().unwrap_or("").trim(),
                        node,
                    )
                })
                .collect();
            for (role, name, node) in &nodes {
                if ["button", "link", "searchbox", "textbox", "region", "table", "heading"].contains(role) {
                    assert!(!name.is_empty(), "a {role} without a name: {node}");
                }
            }
            let count = |wanted: &str| nodes.iter().filter(|(role, ..)| *role == wanted).count();
            for landmark in ["banner", "main", "contentinfo", "search", "table"] {
                assert_eq!(count(landmark), 1, "{landmark} at {width} px");
            }
            assert_eq!((count("columnheader"), count("rowheader"), count("cell")), (5, 1, 4), "at {width} px");
            assert!(count("article") == 1 && count("listitem") >= 1);
            let first_level = nodes.iter().filter(|(role, _, node)| {
                *role == "heading"
                    && node["properties"]
                        .as_array()
                        .is_some_and(|all| all.iter().any(|one| one["name"] == "level" && one["value"]["value"] == 1))
            });
            assert_eq!(first_level.count(), 1);
            let copy = nodes.iter().find(|(role, name, _)| *role == "button" && name.starts_with("Copy the code"));
            assert!(copy.is_some_and(|(_, name, _)| name.ends_with("sent to +351910000000")));
        }
        let polite = page.run("return document.getElementById('announcement').ariaLive").await?;
        assert_eq!(polite, "polite");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn light_and_dark_have_enough_contrast_and_their_pictures_are_kept() -> Anything {
    in_browser(|page| async move {
        page.every_state().await?;
        page.until("document.getAnimations().length === 0").await?;
        for scheme in ["light", "dark"] {
            page.prefer("prefers-color-scheme", scheme).await?;
            let measured = page.run(CONTRAST).await?;
            assert!(measured["texts"].as_u64() > Some(40), "{measured}");
            assert_eq!(measured["weak"], json!([]), "{scheme}");
            let dark = measured["ground"].as_f64().is_some_and(|luminance| luminance < 0.2);
            assert_eq!(dark, scheme == "dark");

            let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target directory")?;
            fs::write(target.join(format!("inbox-{scheme}.png")), page.browser.screenshot().await?)?;
        }
        // The same without a message: the explanation.
        page.click("#reset").await?;
        page.until("!document.getElementById('welcome').hidden").await?;
        for scheme in ["light", "dark"] {
            page.prefer("prefers-color-scheme", scheme).await?;
            assert_eq!(page.run(CONTRAST).await?["weak"], json!([]), "{scheme}, empty");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn at_320_pixels_nothing_is_cut_off() -> Anything {
    in_browser(|page| async move {
        page.width(320).await?;
        let widest = "return document.documentElement.scrollWidth";
        assert_eq!(page.run(widest).await?, 320, "empty");
        page.every_state().await?;
        assert_eq!(page.run(widest).await?, 320, "full");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nothing_moves_for_those_who_prefer_less_motion() -> Anything {
    in_browser(|page| async move {
        page.request(RequestOptions::default()).await?;
        page.until("document.querySelector('#messages .message')").await?;
        let moves = "return getComputedStyle(document.querySelector('.message')).animationName";
        assert_eq!(page.run(moves).await?, "arrive");
        page.prefer("prefers-reduced-motion", "reduce").await?;
        assert_eq!(page.run(moves).await?, "none");
        Ok(())
    })
    .await
}

/// What WCAG 2.2 asks of every visible text (4.5) and of every control's border (3).
const CONTRAST: &str = r#"
    const parts = (color) => color.match(/[\d.]+/g).map(Number);
    const luminance = (color) => {
        const [r, g, b] = parts(color).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
        const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const ground = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const color = getComputedStyle(one).backgroundColor;
            const alpha = parts(color)[3] ?? 1;
            if (alpha === 1) return color;
            if (alpha !== 0) throw new Error(`translucent: ${color}`);
        }
        throw new Error("no ground");
    };
    const weak = [];
    let texts = 0;
    const check = (what, color, behind, least) => {
        const found = ratio(color, behind);
        if (found < least) weak.push(`${what}: ${color} on ${behind} is ${found.toFixed(2)}`);
    };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        const text = walk.currentNode.textContent.trim();
        if (text === "" || !element.checkVisibility() || element.closest(".visually-hidden")) continue;
        texts += 1;
        check(text, getComputedStyle(element).color, ground(element), 4.5);
    }
    for (const control of document.querySelectorAll("button, input")) {
        check(control.outerHTML, getComputedStyle(control).borderTopColor, ground(control.parentElement), 3);
        if (control.placeholder) check(control.placeholder, getComputedStyle(control, "::placeholder").color, ground(control), 4.5);
    }
    return { texts, weak, ground: luminance(ground(document.body)) };
"#;

// ---- The page, as the facts use it

struct Page {
    sandbox: Sandbox,
    origin: String,
    browser: fantoccini::Client,
}

impl Page {
    async fn request(&self, options: RequestOptions) -> Anything<Verification> {
        Ok(self.sandbox.client()?.request(NUMBER, options).await?)
    }

    /// One request in each state, and waits until the page shows them.
    async fn every_state(&self) -> Anything {
        let client = self.sandbox.client()?;
        self.request(RequestOptions::default().ttl(Duration::from_secs(60))).await?;
        self.sandbox.clock().advance(Duration::from_secs(61));
        let cancelled = client.request("34-612345678", RequestOptions::default()).await?;
        client.cancel(&cancelled.id, Default::default()).await?;
        let verified = client
            .request(
                "44-7700900123",
                RequestOptions::default().message("Your shop code: {CODE}\n\n@shop.example #{CODE}"),
            )
            .await?;
        let code = self.sandbox.wait_for_code("44-7700900123", PATIENCE).await?;
        let _ = client.validate(&verified.id, "wrong", ValidateOptions::default()).await?;
        let _ = client.validate(&verified.id, &code, ValidateOptions::default()).await?;
        self.request(RequestOptions::default()).await?;
        self.until(
            "document.querySelectorAll('#messages .message').length === 4 &&
             [...document.querySelectorAll('#requests .state')].map((one) => one.textContent).join() === 'Pending,Verified,Cancelled,Expired'",
        )
        .await
    }

    /// Runs JavaScript in the page; what it returns.
    async fn run(&self, script: &str) -> Anything<Value> {
        Ok(self.browser.execute(script, Vec::new()).await?)
    }

    /// Waits until the expression is true in the page.
    async fn until(&self, expression: &str) -> Anything {
        let looking = async {
            while self.run(&format!("return Boolean({expression})")).await? != true {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            Ok(())
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => Err(format!(
                "not within {PATIENCE:?}: {expression}\n{}",
                self.run("return document.body.innerText").await?
            )
            .into()),
        }
    }

    async fn until_state(&self, state: &str) -> Anything {
        self.until(&format!("document.querySelector('#requests .state')?.textContent === '{state}'")).await
    }

    async fn text(&self, selector: &str) -> Anything<String> {
        Ok(self.browser.find(Locator::Css(selector)).await?.prop("textContent").await?.unwrap_or_default())
    }

    async fn click(&self, selector: &str) -> Anything {
        Ok(self.browser.find(Locator::Css(selector)).await?.click().await?)
    }

    async fn press(&self, key: Key) -> Anything {
        self.press_char(key.into()).await
    }

    async fn press_char(&self, value: char) -> Anything {
        let keys = KeyActions::new("keyboard".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        Ok(self.browser.perform_actions(keys).await?)
    }

    async fn tab_to(&self, selector: &str) -> Anything {
        let there = format!("return document.activeElement === document.querySelector('{selector}')");
        for _ in 0..40 {
            if self.run(&there).await? == true {
                return Ok(());
            }
            self.press(Key::Tab).await?;
        }
        Err(format!("Tab does not reach {selector}").into())
    }

    async fn width(&self, width: u32) -> Anything {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", screen).await?;
        self.until(&format!("innerWidth === {width}")).await
    }

    async fn prefer(&self, feature: &str, value: &str) -> Anything {
        let features = json!({ "features": [{ "name": feature, "value": value }] });
        self.cdp("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    async fn cdp(&self, command: &str, parameters: Value) -> Anything<Value> {
        let body = json!({ "cmd": command, "params": parameters });
        Ok(self.browser.issue_cmd(ChromeCommand { path: "goog/cdp/execute", body }).await?)
    }

    /// The console's and the browser's own messages since the last call.
    async fn complaints(&self) -> Anything<Value> {
        Ok(self.browser.issue_cmd(ChromeCommand { path: "se/log", body: json!({ "type": "browser" }) }).await?)
    }

    /// Every address that the page asked for, its own included. The browser's own start page asks for others.
    async fn addresses_asked(&self) -> Anything<Vec<String>> {
        let log =
            self.browser.issue_cmd(ChromeCommand { path: "se/log", body: json!({ "type": "performance" }) }).await?;
        let mut asked = Vec::new();
        for entry in log.as_array().into_iter().flatten() {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap_or("null"))?;
            let event = &event["message"];
            let by_the_page = event["params"]["documentURL"].as_str().is_some_and(|url| url.starts_with(&self.origin));
            if event["method"] == "Network.requestWillBeSent" && by_the_page {
                asked.extend(event["params"]["request"]["url"].as_str().map(str::to_owned));
            }
        }
        Ok(asked)
    }
}

/// A command that chromedriver has beyond the WebDriver standard.
#[derive(Debug)]
struct ChromeCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for ChromeCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

// ---- The browser

/// A sandbox of its own, and its page in a browser of its own, both gone afterwards.
async fn in_browser<F>(fact: impl FnOnce(Arc<Page>) -> F) -> Anything
where
    F: Future<Output = Anything> + Send + 'static,
{
    let Some(chromium) =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].into_iter().find_map(installed)
    else {
        return skip();
    };
    let Some(chromedriver) = installed("chromedriver") else {
        return skip();
    };
    let sandbox = Sandbox::start(SandboxOptions::default()).await?;
    let origin = sandbox.url();
    let profile = Profile::new()?;
    let (_driver, address) = start(&chromedriver).await?;
    let options = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": {
            "binary": chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1280,1400",
                format!("--user-data-dir={}", profile.0.display()),
            ],
        },
    });
    let browser = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(serde_json::from_value(options)?)
        .connect(&address)
        .await?;

    let page = Arc::new(Page { sandbox, origin, browser: browser.clone() });
    // In a task of its own, so that the browser is closed after a failed assertion too.
    let opened = async {
        browser.goto(&page.origin).await?;
        page.until("document.getElementById('connection').textContent === 'Live' && document.getElementById('requests-count').textContent").await
    };
    let result = match opened.await {
        Ok(()) => tokio::spawn(fact(Arc::clone(&page))).await,
        Err(error) => Ok(Err(error)),
    };
    browser.close().await?;
    match result {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => Err(cancelled.into()),
        },
    }
}

fn installed(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn skip() -> Anything {
    let words = "INBOX PAGE NOT TESTED, CHROMIUM IS NOT INSTALLED";
    if env::var_os("CI").is_some_and(|value| value == "true") {
        return Err(words.into());
    }
    // Past the test harness, which would hide the line of a test that passes.
    Ok(writeln!(std::io::stderr(), "SKIPPED: {words}")?)
}

/// Starts chromedriver on a free port; its address. It wants the same port of IPv4 and of IPv6, and ends where one of them is
/// still closing a connection of before.
async fn start(chromedriver: &Path) -> Anything<(Child, String)> {
    for _ in 0..9 {
        if let Ok(started) = start_once(chromedriver).await {
            return Ok(started);
        }
    }
    start_once(chromedriver).await
}

async fn start_once(chromedriver: &Path) -> Anything<(Child, String)> {
    let mut driver = Command::new(chromedriver).arg("--port=0").stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(driver.stdout.take().ok_or("no standard output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
            // Read on, so that the pipe never fills up.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok((driver, address));
        }
    }
    Err("chromedriver did not start".into())
}

/// A folder for the browser's data, removed on drop.
struct Profile(PathBuf);

impl Profile {
    fn new() -> Anything<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("chromium-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
