//! The sandbox over its wires, as a client of any make meets it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::Duration;

use egoi_verify::{
    Api, CallOptions, Client, Cut, ErrorCode, Fault, FaultBody, FaultCall, Outcome, RequestOptions, Sandbox,
    SandboxOptions, State, ValidateOptions,
};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const NUMBER: &str = "351-910000000";

async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxOptions::default()).await.unwrap()
}

/// Speaks HTTP without any help from the library.
struct Raw {
    http: reqwest::Client,
    url: String,
}

impl Raw {
    fn of(sandbox: &Sandbox) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().tls_backend_preconfigured(no_tls()).build().unwrap(),
            url: sandbox.url(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("ApiKey", "k");
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        };
        read(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.1
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn request_v2(&self) -> String {
        let (status, response) = self.post("/api/v2/verify/request", json!({"senderId": "1", "to": NUMBER})).await;
        assert_eq!(status, 201);
        response["verifyId"].as_str().unwrap().to_owned()
    }

    async fn latest_code(&self) -> String {
        self.get(&format!("/sandbox/messages?number={NUMBER}")).await["messages"][0]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
}

/// The sandbox is plain HTTP; reqwest, built without a TLS provider of its own, still wants a configuration.
fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn article() -> Value {
    json!({
        "apikey": "k", "number": NUMBER, "senderHash": "1", "codeType": "numeric", "codeSize": "4",
        "group": "2FA", "codeTTL": "60", "message": "Message text: {CODE}",
    })
}

mod v1 {
    use super::*;

    #[tokio::test]
    async fn the_articles_payload_is_answered_as_the_article_shows() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let (status, response) = raw.post("/api/public/verify/request", article()).await;
        assert_eq!((status.as_u16(), &response["status"]), (200, &json!("Ok")));
        let id = response["requestId"].as_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{id}");
        let message = raw.get("/sandbox/messages").await["messages"][0].clone();
        assert_eq!(message["text"], json!(format!("Message text: {}", message["code"].as_str().unwrap())));
        assert_eq!(message["code"].as_str().unwrap().len(), 4);
        assert_eq!(message["sender"], "1");
    }

    #[tokio::test]
    async fn a_validation_is_answered_by_the_articles_words() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.post("/api/public/verify/request", article()).await.1["requestId"].clone();
        let code = raw.latest_code().await;
        let submit = async |code: &str| {
            raw.post("/api/public/verify/validate", json!({"apikey": "k", "requestId": id, "code": code})).await.1
        };
        assert_eq!(submit("wrong").await, json!({"requestId": id, "status": "Not_Verified"}));
        assert_eq!(submit(&code).await["status"], "Verified");
        assert_eq!(submit(&code).await["status"], "Already_Verified");
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_payload_is_said_in_the_error() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let without = |field: &str| {
            let mut payload = article();
            payload.as_object_mut().unwrap().remove(field);
            payload
        };
        let with = |field: &str, value: Value| {
            let mut payload = article();
            payload[field] = value;
            payload
        };
        for (payload, status, says) in [
            (without("apikey"), 401, "apikey"),
            (with("apikey", json!("")), 401, "apikey"),
            (without("message"), 400, "message is missing"),
            (with("codeSize", json!(4)), 400, "codeSize is of the wrong type"),
            (with("codeSize", json!("3")), 400, "`codeSize` is 3"),
            (with("codeTTL", json!("3601")), 400, "`codeTTL` is 3601"),
            (with("senderHash", json!("2")), 400, "senderHash"),
            (with("message", json!("{{ code }}")), 400, "{CODE}"),
            (with("number", json!("+351 910 000 000")), 400, "`number`"),
            (with("codeType", json!("octal")), 400, "codeType"),
            (with("number", json!("910000000")), 400, "calling code"),
            (json!([]), 400, "JSON"),
        ] {
            let (given, response) = raw.post("/api/public/verify/request", payload.clone()).await;
            assert_eq!((given.as_u16(), &response["status"]), (status, &json!("Error")), "{payload}");
            assert!(response["error"].as_str().unwrap().contains(says), "{payload}: {response}");
        }
        assert!(sandbox.messages(None).unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_unknown_id_is_404_another_method_405_and_another_path_404() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let named = json!({"apikey": "k", "requestId": "0".repeat(32), "code": "1"});
        for path in ["validate", "cancel"] {
            assert_eq!(raw.post(&format!("/api/public/verify/{path}"), named.clone()).await.0, 404);
        }
        assert_eq!(raw.call(Method::GET, "/api/public/verify/request", None).await.0, 405);
        assert_eq!(raw.post("/api/public/verify/nothing", json!({})).await.1["status"], "Error");
    }

    #[tokio::test]
    async fn an_sms_of_ones_own_text_is_delivered_and_answered_without_errors() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let sms = json!({"apikey": "k", "mobile": NUMBER, "senderHash": "1", "message": "Your code is 123456"});
        let (status, response) = raw.post("/api/public/sms/send", sms.clone()).await;
        assert_eq!((status.as_u16(), response.get("errors")), (200, None));
        assert_eq!(sandbox.messages(None).unwrap()[0].code, "123456");
        for (field, value) in [("senderHash", "2"), ("mobile", "351910000000")] {
            let mut odd = sms.clone();
            odd[field] = json!(value);
            assert_eq!(raw.post("/api/public/sms/send", odd).await.0, 400, "{field}");
        }
    }

    #[tokio::test]
    async fn ping_and_senders_are_posts_below_the_same_base_url() {
        let sandbox = Sandbox::start(SandboxOptions::default().senders(["a", "b"])).await.unwrap();
        let raw = Raw::of(&sandbox);
        assert_eq!(raw.post("/api/public/commons/ping", json!({})).await.0, 200);
        let senders = raw.post("/api/public/sms/senders", json!({"apikey": "k"})).await.1;
        assert_eq!(senders[1], json!({"senderHash": "b", "name": "Sandbox", "deleted": false}));
        assert_eq!(raw.post("/api/public/sms/senders", json!({})).await.0, 401);
    }

    #[tokio::test]
    async fn only_v1s_place_is_replaced() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let mut payload = article();
        payload["message"] = json!("{CODE} and {{ code }}");
        raw.post("/api/public/verify/request", payload).await;
        let message = sandbox.messages(None).unwrap().remove(0);
        assert_eq!(message.text, format!("{} and {{{{ code }}}}", message.code));
    }
}

mod v2 {
    use super::*;

    #[tokio::test]
    async fn each_call_is_answered_as_the_sdks_expect() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let read = raw.get(&format!("/api/v2/verify/{id}")).await;
        assert_eq!((&read["status"], &read["codeTTL"]), (&json!("pending"), &json!(600)));
        assert_eq!(read["recipientNumber"], NUMBER);
        let code = raw.latest_code().await;
        assert_eq!(read["code"], json!(code), "the service sends the live code");
        for (path, body) in [("resend", None), ("validate", Some(json!({"code": "wrong"}))), ("cancel", None)] {
            let (status, response) = raw.call(Method::POST, &format!("/api/v2/verify/{id}/{path}"), body).await;
            assert_eq!((status.as_u16(), response), (200, json!([{"verifyId": id}])), "{path}");
        }
        assert_ne!(raw.latest_code().await, "", "the resend sent another SMS");
    }

    #[tokio::test]
    async fn responses_and_errors_are_application_json_which_the_published_go_client_needs() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        for path in ["/api/v2/ping", "/api/v2/sms/senders", "/api/v2/verify/unknown", "/api/v2/nothing"] {
            let response = raw.http.get(format!("{}{path}", raw.url)).header("ApiKey", "k").send().await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/json", "{path}");
        }
    }

    #[tokio::test]
    async fn a_base_url_that_ends_in_a_slash_works_as_in_the_published_clients() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let (status, _) = raw.post("/api//v2/verify/request", json!({"senderId": "1", "to": NUMBER})).await;
        assert_eq!(status, 201);
    }

    #[tokio::test]
    async fn a_cancellation_with_a_content_type_and_an_empty_body_works_as_the_published_java_client_sends_it() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let cancel = raw.http.post(format!("{}/api/v2/verify/{id}/cancel", raw.url)).header("ApiKey", "k");
        assert_eq!(cancel.header("Content-Type", "application/json").body("").send().await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn errors_are_problem_documents() {
        let sandbox = Sandbox::start(SandboxOptions::default().api_key("right")).await.unwrap();
        let raw = Raw::of(&sandbox);
        let (status, problem) = raw.post("/api/v2/verify/request", json!({"senderId": "1", "to": NUMBER})).await;
        assert_eq!(
            (status.as_u16(), &problem["status"], &problem["title"]),
            (401, &json!(401), &json!("Unauthorized"))
        );
        assert!(problem["detail"].is_string() && problem["type"].is_string());
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_payload_is_said_in_the_detail() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        for (payload, says) in [
            (json!({"to": NUMBER}), "senderId is missing"),
            (json!({"senderId": 1, "to": NUMBER}), "senderId is of the wrong type"),
            (json!({"senderId": "1", "to": NUMBER, "codeLength": "6"}), "codeLength is of the wrong type"),
            (json!({"senderId": "1", "to": NUMBER, "codeLength": 21}), "`codeLength` is 21"),
            (json!({"senderId": "1", "to": NUMBER, "codeLength": 3}), "`codeLength` is 3"),
            (json!({"senderId": "1", "to": NUMBER, "codeValidity": 3601}), "`codeValidity` is 3601"),
            (json!({"senderId": "2", "to": NUMBER}), "senderId"),
            (json!({"senderId": "", "to": NUMBER}), "senderId"),
            (json!({"senderId": "1", "to": "+351910000000"}), "`to`"),
            (json!({"senderId": "1", "to": "351910000000"}), "`to`"),
            (json!({"senderId": "1", "to": NUMBER, "codeType": "hex"}), "hexa"),
        ] {
            let (status, problem) = raw.post("/api/v2/verify/request", payload.clone()).await;
            assert_eq!(status, 400, "{payload}");
            assert!(problem["detail"].as_str().unwrap().contains(says), "{payload}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_413() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let large = json!({"senderId": "1", "to": NUMBER, "message": "x".repeat(300 * 1024)});
        assert_eq!(raw.post("/api/v2/verify/request", large).await.0, 413);
    }

    #[tokio::test]
    async fn without_a_place_the_code_comes_at_the_end() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        raw.post("/api/v2/verify/request", json!({"senderId": "1", "to": NUMBER, "message": "Hello"})).await;
        let message = sandbox.messages(None).unwrap().remove(0);
        assert_eq!(message.text, format!("Hello {}", message.code));
    }

    #[tokio::test]
    async fn a_finished_request_takes_no_code_and_no_resend_and_is_not_changed_by_a_cancellation() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let code = raw.latest_code().await;
        assert_eq!(raw.post(&format!("/api/v2/verify/{id}/validate"), json!({"code": code})).await.0, 200);
        assert_eq!(raw.post(&format!("/api/v2/verify/{id}/validate"), json!({"code": code})).await.0, 400);
        assert_eq!(raw.post(&format!("/api/v2/verify/{id}/resend"), json!({})).await.0, 400);
        assert_eq!(raw.post(&format!("/api/v2/verify/{id}/cancel"), json!({})).await.0, 200);
        assert_eq!(raw.get(&format!("/api/v2/verify/{id}")).await["status"], "verified");
    }

    #[tokio::test]
    async fn with_words_each_item_has_a_status() {
        let sandbox = Sandbox::start(SandboxOptions::default().v2_words(true)).await.unwrap();
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let wrong = raw.post(&format!("/api/v2/verify/{id}/validate"), json!({"code": "wrong"})).await.1;
        assert_eq!(wrong, json!([{"verifyId": id, "status": "wrong_code"}]));
    }

    #[tokio::test]
    async fn a_wrong_code_can_be_a_400() {
        let sandbox = Sandbox::start(SandboxOptions::default().v2_wrong(400)).await.unwrap();
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        assert_eq!(raw.post(&format!("/api/v2/verify/{id}/validate"), json!({"code": "wrong"})).await.0, 400);
    }

    #[tokio::test]
    async fn an_sms_is_answered_by_its_message_id_alone_or_in_a_list() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let sms = json!({"to": NUMBER, "from": "1", "textBody": "Your code is 123456"});
        let (status, response) = raw.post("/api/v2/sms/messages/action/send/single", sms.clone()).await;
        assert_eq!((status.as_u16(), response["messageId"].as_str().unwrap().len()), (201, 32));
        let (status, response) = raw.post("/api/v2/sms/messages/action/send", json!([sms, sms])).await;
        assert_eq!((status.as_u16(), response.as_array().unwrap().len()), (201, 2));
        assert_ne!(response[0]["messageId"], response[1]["messageId"]);
        assert_eq!(sandbox.messages(None).unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_message_id_is_no_requests_id() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let read = raw.get(&format!("/api/v2/verify/{id}")).await;
        assert_ne!(read["messageId"], read["id"]);
    }

    #[tokio::test]
    async fn a_ping_is_answered_by_the_services_state_and_its_date() {
        let sandbox = sandbox().await;
        let response = Raw::of(&sandbox).get("/api/v2/ping").await;
        assert_eq!(response["apiStatus"], "Up");
        let date = response["date"].as_str().unwrap();
        assert_eq!(date.split(' ').map(str::len).collect::<Vec<_>>(), [3, 3, 2, 8, 3, 4], "{date}");
    }

    #[tokio::test]
    async fn another_method_is_405_and_says_which_is_allowed() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        for (path, wrong, allowed) in [
            ("/api/v2/ping", Method::POST, "GET"),
            ("/api/v2/verify/request", Method::GET, "POST"),
            ("/api/v2/verify/a/validate", Method::GET, "POST"),
            ("/api/public/verify/request", Method::GET, "POST"),
            ("/api/public/commons/ping", Method::GET, "POST"),
        ] {
            let request = raw.http.request(wrong, format!("{}{path}", raw.url)).header("ApiKey", "k");
            let response = request.send().await.unwrap();
            let allow = response.headers()["allow"].to_str().unwrap();
            assert_eq!((response.status().as_u16(), allow), (405, allowed), "{path}");
        }
    }

    #[tokio::test]
    async fn a_sender_without_a_number_has_no_such_field() {
        let sandbox = sandbox().await;
        let senders = Raw::of(&sandbox).get("/api/v2/sms/senders").await;
        assert_eq!(senders, json!([{"id": "1", "name": "Sandbox", "senderStatus": "active"}]));
    }

    #[tokio::test]
    async fn an_id_of_any_shape_that_is_unknown_is_404_in_every_call() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        for id in ["0".repeat(32), "7".to_owned(), "not*an*id".to_owned()] {
            for (method, call) in
                [(Method::GET, ""), (Method::POST, "/validate"), (Method::POST, "/cancel"), (Method::POST, "/resend")]
            {
                let path = format!("/api/v2/verify/{id}{call}");
                assert_eq!(raw.call(method, &path, Some(json!({"code": "1"}))).await.0, 404, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn only_v2s_place_is_replaced() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let message = "{{ code }} and {CODE}";
        raw.post("/api/v2/verify/request", json!({"senderId": "1", "to": NUMBER, "message": message})).await;
        let message = sandbox.messages(None).unwrap().remove(0);
        assert_eq!(message.text, format!("{} and {{CODE}}", message.code));
    }

    #[tokio::test]
    async fn the_librarys_own_limits_can_be_switched_off() {
        let sandbox = Sandbox::start(SandboxOptions::default().own_limits(false)).await.unwrap();
        let raw = Raw::of(&sandbox);
        let long = format!("{{{{ code }}}}{}", "x".repeat(2000));
        for (payload, expected) in [
            (json!({"senderId": "1", "to": NUMBER, "codeLength": 1}), 201),
            (json!({"senderId": "1", "to": NUMBER, "message": long}), 201),
            (json!({"senderId": "1", "to": NUMBER, "codeLength": 21}), 400),
        ] {
            assert_eq!(raw.post("/api/v2/verify/request", payload.clone()).await.0, expected, "{payload}");
        }
    }

    #[tokio::test]
    async fn a_resend_does_not_move_the_date_of_the_request() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let before = raw.get(&format!("/api/v2/verify/{id}")).await;
        sandbox.clock().advance(Duration::from_secs(60));
        raw.post(&format!("/api/v2/verify/{id}/resend"), json!({})).await;
        let after = raw.get(&format!("/api/v2/verify/{id}")).await;
        assert_eq!(before["createDate"], after["createDate"]);
    }

    #[tokio::test]
    async fn a_read_can_lag_and_can_mask_the_code() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let code = raw.latest_code().await;
        raw.post(&format!("/api/v2/verify/{id}/validate"), json!({"code": code})).await;
        let struck = async |body| {
            sandbox.fail_next(Fault { call: Some(FaultCall::Get), body: Some(body), ..Fault::default() }).unwrap();
            raw.get(&format!("/api/v2/verify/{id}")).await
        };
        let lagging = struck(FaultBody::LaggingRead).await;
        assert_eq!((&lagging["status"], &lagging["code"]), (&json!("pending"), &json!(code)));
        let masked = struck(FaultBody::MaskedCode).await;
        assert_eq!((&masked["status"], &masked["code"]), (&json!("verified"), &json!("******")));
    }

    #[tokio::test]
    async fn json_can_be_labelled_as_php_does() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let fault = Fault { call: Some(FaultCall::Request), body: Some(FaultBody::TextHtml), ..Fault::default() };
        sandbox.fail_next(fault).unwrap();
        let request = raw.http.post(format!("{}/api/v2/verify/request", raw.url)).header("ApiKey", "k");
        let response = request.body(json!({"senderId": "1", "to": NUMBER}).to_string()).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/html; charset=UTF-8");
        assert!(read(response).await.1["verifyId"].is_string());
    }

    #[tokio::test]
    async fn a_request_can_go_by_an_integer_in_every_call() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let fault = Fault { call: Some(FaultCall::Request), body: Some(FaultBody::IntegerIds), ..Fault::default() };
        sandbox.fail_next(fault).unwrap();
        let id = raw.post("/api/v2/verify/request", json!({"senderId": "1", "to": NUMBER})).await.1["verifyId"].clone();
        assert!(id.is_u64(), "{id}");
        assert_eq!(raw.get(&format!("/api/v2/verify/{id}")).await["id"], id);
        assert_eq!(raw.post(&format!("/api/v2/verify/{id}/cancel"), json!({})).await.1, json!([{"verifyId": id}]));
    }

    #[tokio::test]
    async fn errors_can_be_those_that_v1s_integrators_read() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        for status in [None, Some(400)] {
            let fault = Fault { body: Some(FaultBody::Errors), status, ..Fault::default() };
            sandbox.fail_next(fault).unwrap();
            let (given, response) = raw.post("/api/public/verify/request", article()).await;
            assert_eq!(given.as_u16(), status.unwrap_or(200));
            assert!(response["errors"][0].is_string() && response["errorCode"].is_u64(), "{response}");
        }
        assert!(sandbox.messages(None).unwrap().is_empty(), "they have no effect");
    }
}

mod both {
    use super::*;

    async fn plays_the_article(client: &Client, sandbox: &Sandbox) {
        let options = || RequestOptions::default().code_size(4).ttl(Duration::from_secs(60));
        let none = ValidateOptions::default;
        let id = client.request(NUMBER, options()).await.unwrap().id;
        let code = sandbox.wait_for_code(NUMBER, Duration::from_secs(5)).await.unwrap();
        assert_eq!(client.validate(&id, "0", none()).await.unwrap(), Outcome::WrongCode);
        assert_eq!(client.validate(&id, &code, none()).await.unwrap(), Outcome::Verified);
        assert_eq!(client.validate(&id, &code, none()).await.unwrap(), Outcome::AlreadyVerified);
        let id = client.request(NUMBER, options()).await.unwrap().id;
        assert_eq!(client.cancel(&id, CallOptions::default()).await.unwrap(), State::Cancelled);
        assert_eq!(client.validate(&id, &code, none()).await.unwrap(), Outcome::Cancelled);
        let id = client.request(NUMBER, options()).await.unwrap().id;
        sandbox.clock().advance(Duration::from_secs(61));
        assert_eq!(client.validate(&id, &code, none()).await.unwrap(), Outcome::Expired);
    }

    #[tokio::test]
    async fn the_article_plays_over_v1_and_over_v2_in_each_of_its_ways_of_responding() {
        for options in [
            SandboxOptions::default(),
            SandboxOptions::default().v2_words(true),
            SandboxOptions::default().v2_wrong(400),
        ] {
            let sandbox = Sandbox::start(options).await.unwrap();
            for api in [Api::V1, Api::V2] {
                plays_the_article(&Client::new(sandbox.client_options(api)).unwrap(), &sandbox).await;
            }
        }
    }

    #[tokio::test]
    async fn two_sandboxes_in_one_process_do_not_touch_each_other() {
        let (one, other) = (sandbox().await, sandbox().await);
        one.client().unwrap().request(NUMBER, RequestOptions::default()).await.unwrap();
        other.clock().advance(Duration::from_secs(3600));
        assert_eq!((one.messages(None).unwrap().len(), other.messages(None).unwrap().len()), (1, 0));
        assert!(one.clock().now() + Duration::from_secs(3000) < other.clock().now());
    }

    #[tokio::test]
    async fn waiting_for_a_code_gives_the_one_of_a_resend_and_not_the_one_before() {
        let sandbox = sandbox().await;
        let client = sandbox.client().unwrap();
        let id = client.request(NUMBER, RequestOptions::default().code_size(20)).await.unwrap().id;
        let old = sandbox.wait_for_code(NUMBER, Duration::from_secs(5)).await.unwrap();
        client.resend(&id, CallOptions::default()).await.unwrap();
        let new = sandbox.wait_for_code(NUMBER, Duration::from_secs(5)).await.unwrap();
        assert_ne!(old, new);
        assert_eq!(client.validate(&id, &old, ValidateOptions::default()).await.unwrap(), Outcome::WrongCode);
        assert_eq!(client.validate(&id, &new, ValidateOptions::default()).await.unwrap(), Outcome::Verified);
    }

    #[tokio::test]
    async fn a_seed_gives_the_same_codes_in_every_run_and_a_fixed_code_is_always_itself() {
        let codes = async |options: SandboxOptions| {
            let sandbox = Sandbox::start(options).await.unwrap();
            let client = sandbox.client().unwrap();
            for _ in 0..3 {
                client.request(NUMBER, RequestOptions::default()).await.unwrap();
            }
            sandbox.messages(None).unwrap().into_iter().map(|message| message.code).collect::<Vec<_>>()
        };
        let seeded = SandboxOptions::default().seed(7);
        assert_eq!(codes(seeded.clone()).await, codes(seeded).await);
        assert_eq!(codes(SandboxOptions::default().code("1234")).await, ["1234"; 3]);
    }

    #[tokio::test]
    async fn a_reset_forgets_everything_and_a_closed_sandbox_is_not_there() {
        let sandbox = sandbox().await;
        let client = sandbox.client().unwrap();
        let id = client.request(NUMBER, RequestOptions::default()).await.unwrap().id;
        sandbox.reset();
        assert_eq!(client.get(&id, CallOptions::default()).await.unwrap_err().code(), ErrorCode::NotFound);
        assert!(sandbox.messages(None).unwrap().is_empty());
        sandbox.close().await;
        assert_eq!(client.ping(CallOptions::default()).await.unwrap_err().code(), ErrorCode::Unreachable);
    }
}

mod an_engine_over_e_gois_sms_call {
    use super::*;
    use egoi_verify::{ClientOptions, EgoiSms, Engine, EngineOptions};

    fn engine(sandbox: &Sandbox) -> Engine {
        let sms = EgoiSms::new(sandbox.client_options(Api::V2)).unwrap();
        Engine::new(sms, EngineOptions::default()).unwrap()
    }

    #[tokio::test]
    async fn has_its_code_delivered_and_verifies_it_itself() {
        let sandbox = sandbox().await;
        let engine = engine(&sandbox);
        let id = engine.request(NUMBER, RequestOptions::default()).await.unwrap().id;
        let code = sandbox.wait_for_code(NUMBER, Duration::from_secs(5)).await.unwrap();
        assert_eq!(engine.validate(&id, &code, ValidateOptions::default()).await.unwrap(), Outcome::Verified);
    }

    #[tokio::test]
    async fn knows_when_nothing_was_sent_and_when_it_may_have_been() {
        for (status, maybe, cause, safe) in [
            (401, false, ErrorCode::Unauthorized, false),
            (422, false, ErrorCode::Rejected, false),
            (429, false, ErrorCode::RateLimited, true),
            (500, true, ErrorCode::Unavailable, false),
        ] {
            let sandbox = sandbox().await;
            sandbox.fail_next(Fault { call: Some(FaultCall::Sms), status: Some(status), ..Fault::default() }).unwrap();
            let error = engine(&sandbox).request(NUMBER, RequestOptions::default()).await.unwrap_err();
            assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::DeliveryFailed, maybe), "{status}");
            assert_eq!((error.cause_code(), error.retry_is_safe()), (Some(cause), safe), "{status}");
        }
    }

    #[tokio::test]
    async fn is_asked_whether_its_key_is_right_by_the_engines_ping() {
        let sandbox = Sandbox::start(SandboxOptions::default().api_key("right")).await.unwrap();
        for (key, code) in [("right", None), ("another", Some(ErrorCode::Unauthorized))] {
            let options = ClientOptions::new(key, "1").base_url(format!("{}/api", sandbox.url()));
            let engine = Engine::new(EgoiSms::new(options).unwrap(), EngineOptions::default()).unwrap();
            let failed = engine.ping(CallOptions::default()).await.err().map(|error| error.code());
            assert_eq!(failed, code, "{key}");
        }
        assert!(sandbox.messages(None).unwrap().is_empty());
    }

    #[tokio::test]
    async fn says_itself_whether_the_service_is_up_and_which_senders_there_are() {
        let sandbox = Sandbox::start(SandboxOptions::default().api_key("right").senders(["1", "2"])).await.unwrap();
        for key in ["right", "wrong"] {
            let options = ClientOptions::new(key, "1").base_url(format!("{}/api", sandbox.url()));
            let sms = EgoiSms::new(options).unwrap();
            sms.ping(CallOptions::default()).await.unwrap();
            let senders = sms.senders(CallOptions::default()).await;
            match senders {
                Ok(senders) => {
                    assert_eq!((key, senders.iter().map(|one| &*one.id).collect()), ("right", vec!["1", "2"]))
                }
                Err(error) => assert_eq!((key, error.code()), ("wrong", ErrorCode::Unauthorized)),
            }
        }
    }

    #[tokio::test]
    async fn is_asked_whether_v1_is_up_by_the_engines_ping() {
        let sandbox = sandbox().await;
        let gateway = EgoiSms::new(sandbox.client_options(Api::V1)).unwrap();
        let engine = Engine::new(gateway, EngineOptions::default()).unwrap();
        engine.ping(CallOptions::default()).await.unwrap();
        sandbox.fail_next(Fault { call: Some(FaultCall::Ping), status: Some(401), ..Fault::default() }).unwrap();
        assert_eq!(engine.ping(CallOptions::default()).await.unwrap_err().code(), ErrorCode::Unauthorized);
    }

    #[tokio::test]
    async fn a_gateway_that_does_not_respond_ends_the_engines_ping_when_its_time_is_over() {
        let sandbox = sandbox().await;
        sandbox
            .fail_next(Fault { call: Some(FaultCall::Senders), delay: Duration::from_secs(60), ..Fault::default() })
            .unwrap();
        let options = CallOptions::default().timeout(Duration::from_millis(100));
        let error = engine(&sandbox).ping(options).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout);
    }

    #[tokio::test]
    async fn goes_by_the_sandboxes_clock() {
        let sandbox = sandbox().await;
        let sms = EgoiSms::new(sandbox.client_options(Api::V2)).unwrap();
        let engine = Engine::new(sms, EngineOptions::default().clock(sandbox.clock().for_engine())).unwrap();
        let id = engine.request(NUMBER, RequestOptions::default()).await.unwrap().id;
        sandbox.clock().advance(Duration::from_secs(601));
        assert_eq!(engine.get(&id, CallOptions::default()).await.unwrap().state, State::Expired);
    }

    #[tokio::test]
    async fn is_sent_over_v1_too() {
        let sandbox = sandbox().await;
        let sms = EgoiSms::new(sandbox.client_options(Api::V1)).unwrap();
        let engine = Engine::new(sms, EngineOptions::default()).unwrap();
        let id = engine.request(NUMBER, RequestOptions::default()).await.unwrap().id;
        let code = sandbox.wait_for_code(NUMBER, Duration::from_secs(5)).await.unwrap();
        assert_eq!(engine.validate(&id, &code, ValidateOptions::default()).await.unwrap(), Outcome::Verified);
    }
}

mod numbers_that_play_a_part {
    use super::*;

    async fn request(last_three: &str) -> (Sandbox, Result<String, egoi_verify::Error>) {
        let sandbox = sandbox().await;
        let number = format!("44-7700900{last_three}");
        let made = sandbox.client().unwrap().request(&number, RequestOptions::default()).await;
        (sandbox, made.map(|made| made.id))
    }

    #[tokio::test]
    async fn to_001_nothing_is_delivered() {
        let (sandbox, made) = request("001").await;
        assert!(made.is_ok() && sandbox.messages(None).unwrap().is_empty());
    }

    #[tokio::test]
    async fn for_002_every_code_is_wrong() {
        let (sandbox, made) = request("002").await;
        let code = sandbox.messages(None).unwrap().remove(0).code;
        let outcome = sandbox.client().unwrap().validate(&made.unwrap(), &code, ValidateOptions::default()).await;
        assert_eq!(outcome.unwrap(), Outcome::WrongCode);
    }

    #[tokio::test]
    async fn for_003_a_short_deadline_is_missed() {
        let sandbox = sandbox().await;
        let client = sandbox.client().unwrap();
        client.ping(CallOptions::default()).await.unwrap();
        let options = RequestOptions::default().timeout(Duration::from_millis(200));
        let error = client.request("44-7700900003", options).await.unwrap_err();
        assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::Timeout, true));
    }

    #[tokio::test]
    async fn for_004_the_connection_is_cut_after_the_sms_was_accepted() {
        let (sandbox, made) = request("004").await;
        let error = made.unwrap_err();
        assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::Interrupted, true));
        assert_eq!(sandbox.messages(None).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_others_respond_with_their_status() {
        for (number, code) in [
            ("401", ErrorCode::Unauthorized),
            ("403", ErrorCode::Forbidden),
            ("500", ErrorCode::Unavailable),
            ("503", ErrorCode::Unavailable),
        ] {
            let (sandbox, made) = request(number).await;
            assert_eq!(made.unwrap_err().code(), code);
            assert!(sandbox.messages(None).unwrap().is_empty());
        }
    }
}

mod injected_failures {
    use super::*;

    async fn failing(fault: Fault) -> (Sandbox, Client) {
        let sandbox = sandbox().await;
        sandbox.fail_next(fault).unwrap();
        let client = sandbox.client().unwrap();
        (sandbox, client)
    }

    #[tokio::test]
    async fn a_failure_strikes_its_call_as_often_as_it_says() {
        let (sandbox, client) =
            failing(Fault { call: Some(FaultCall::Request), status: Some(503), count: Some(2), ..Fault::default() })
                .await;
        client.ping(CallOptions::default()).await.unwrap();
        for _ in 0..2 {
            let error = client.request(NUMBER, RequestOptions::default()).await.unwrap_err();
            assert_eq!((error.code(), error.http_status()), (ErrorCode::Unavailable, Some(503)));
        }
        client.request(NUMBER, RequestOptions::default()).await.unwrap();
        assert_eq!(sandbox.messages(None).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_failure_for_one_number_leaves_the_others_alone() {
        let (_sandbox, client) =
            failing(Fault { number: Some("+351 910 000 001".into()), status: Some(500), ..Fault::default() }).await;
        client.request(NUMBER, RequestOptions::default()).await.unwrap();
        assert!(client.request("+351 910 000 001", RequestOptions::default()).await.is_err());
    }

    #[tokio::test]
    async fn a_failure_of_probability_0_never_strikes() {
        let (_sandbox, client) =
            failing(Fault { status: Some(500), probability: 0.0, count: None, ..Fault::default() }).await;
        for _ in 0..100 {
            client.ping(CallOptions::default()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_cut_before_acceptance_sends_nothing_and_one_after_it_does() {
        for (cut, sent) in [(Cut::Before, 0), (Cut::After, 1)] {
            let (sandbox, client) =
                failing(Fault { call: Some(FaultCall::Request), cut: Some(cut), ..Fault::default() }).await;
            let error = client.request(NUMBER, RequestOptions::default()).await.unwrap_err();
            assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::Interrupted, true), "{cut:?}");
            assert_eq!(sandbox.messages(None).unwrap().len(), sent, "{cut:?}");
        }
    }

    #[tokio::test]
    async fn a_malformed_and_a_huge_body_are_no_response_the_client_takes() {
        for body in [FaultBody::Malformed, FaultBody::Huge] {
            let (sandbox, client) =
                failing(Fault { call: Some(FaultCall::Request), body: Some(body), ..Fault::default() }).await;
            let error = client.request(NUMBER, RequestOptions::default()).await.unwrap_err();
            assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::InvalidResponse, true), "{body:?}");
            assert_eq!(sandbox.messages(None).unwrap().len(), 1, "{body:?}");
        }
    }

    #[tokio::test]
    async fn a_delay_passes_a_deadline() {
        let (_sandbox, client) =
            failing(Fault { call: Some(FaultCall::Get), delay: Duration::from_secs(60), ..Fault::default() }).await;
        client.ping(CallOptions::default()).await.unwrap();
        let options = CallOptions::default().timeout(Duration::from_millis(100));
        assert_eq!(client.get("a", options).await.unwrap_err().code(), ErrorCode::Timeout);
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_refused() {
        let sandbox = sandbox().await;
        for fault in [
            Fault { probability: 1.5, ..Fault::default() },
            Fault { status: Some(200), ..Fault::default() },
            Fault { delay: Duration::from_millis(60_001), ..Fault::default() },
            Fault { number: Some("1".into()), ..Fault::default() },
        ] {
            assert_eq!(sandbox.fail_next(fault).unwrap_err().code(), ErrorCode::InvalidInput);
        }
    }
}

mod over_http {
    use super::*;

    #[tokio::test]
    async fn the_inbox_waits_for_the_next_message_and_gives_up_in_time() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        assert_eq!(raw.call(Method::GET, "/sandbox/messages/next?timeout=0.01", None).await.0, 204);
        let waiting = raw.get("/sandbox/messages/next?number=%2B351910000000&after=0&timeout=10");
        let (message, _) = tokio::join!(waiting, raw.request_v2());
        assert_eq!(message["number"], "+351910000000");
        let path = format!("/sandbox/messages/next?after={}&timeout=0.01", message["id"]);
        assert_eq!(raw.call(Method::GET, &path, None).await.0, 204, "that one is not newer than itself");
    }

    #[tokio::test]
    async fn the_clock_is_moved_stopped_and_told() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let frozen = raw.post("/sandbox/clock", json!({"freeze": true})).await.1;
        assert_eq!(frozen["frozen"], true);
        assert_eq!(raw.get("/sandbox/clock").await, frozen, "it stands still");
        let id = raw.request_v2().await;
        raw.post("/sandbox/clock", json!({"advance": 600})).await;
        assert_eq!(raw.get(&format!("/api/v2/verify/{id}")).await["status"], "expired");
        assert_eq!(raw.post("/sandbox/clock", json!({"advance": -1})).await.0, 400);
    }

    #[tokio::test]
    async fn failures_are_listed_added_and_cleared() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let fault = json!({"call": "request", "number": null, "status": 503, "delay_ms": 0, "cut": null, "body": null,
            "probability": 1, "count": 1});
        assert_eq!(raw.post("/sandbox/faults", fault.clone()).await.0, 204);
        let listed = raw.get("/sandbox/faults").await["faults"][0].clone();
        assert_eq!((&listed["call"], &listed["status"]), (&json!("request"), &json!(503)));
        assert_eq!(raw.call(Method::DELETE, "/sandbox/faults", None).await.0, 204);
        assert_eq!(raw.get("/sandbox/faults").await, json!({"faults": []}));
    }

    #[tokio::test]
    async fn requests_are_listed_with_state_and_times() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let id = raw.request_v2().await;
        let listed = raw.get("/sandbox/requests").await["requests"][0].clone();
        assert_eq!((&listed["id"], &listed["state"], &listed["sms"]), (&json!(id), &json!("pending"), &json!("sent")));
        assert!(listed["expires_at"].as_str() > listed["created_at"].as_str());
    }

    #[tokio::test]
    async fn the_inbox_is_emptied_and_everything_reset() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        raw.request_v2().await;
        assert_eq!(raw.call(Method::DELETE, "/sandbox/messages", None).await.0, 204);
        assert_eq!(raw.get("/sandbox/messages").await, json!({"messages": []}));
        assert_eq!(raw.get("/sandbox/requests").await["requests"].as_array().unwrap().len(), 1);
        assert_eq!(raw.post("/sandbox/reset", json!({})).await.0, 204);
        assert_eq!(raw.get("/sandbox/requests").await, json!({"requests": []}));
    }

    #[tokio::test]
    async fn the_journal_tells_every_call_and_no_secret() {
        let sandbox = Sandbox::start(SandboxOptions::default().api_key("canary-key").code("4711")).await.unwrap();
        let client = sandbox.client().unwrap();
        let id = client.request(NUMBER, RequestOptions::default().message("canary {CODE}")).await.unwrap().id;
        let _ = client.validate(&id, "4711", ValidateOptions::default()).await.unwrap();
        let journal = Raw::of(&sandbox).get("/sandbox/journal").await;
        let calls: Vec<_> = journal["journal"].as_array().unwrap().iter().map(|entry| entry["call"].clone()).collect();
        assert_eq!(calls[..3], [json!("request"), json!("get"), json!("validate")]);
        let text = journal.to_string();
        assert!(text.contains("+35191*****00"), "{text}");
        for secret in ["canary", "4711", "910000000"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }

    #[tokio::test]
    async fn events_tell_a_message_a_change_of_state_and_of_the_clock() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let mut events = raw.http.get(format!("{}/sandbox/events", raw.url)).send().await.unwrap();
        let id = raw.request_v2().await;
        raw.post("/sandbox/clock", json!({"advance": 1})).await;
        let mut seen = String::new();
        while !["event: message", "event: request", "event: clock"].iter().all(|event| seen.contains(event)) {
            seen.push_str(&String::from_utf8_lossy(&events.chunk().await.unwrap().unwrap()));
        }
        assert!(seen.contains(&id));
    }

    #[tokio::test]
    async fn a_web_page_of_another_origin_is_refused_also_under_a_name_of_its_own() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        let messages = format!("{}/sandbox/messages", raw.url);
        for (header, value, status) in [
            ("Origin", "http://attacker.example", 403),
            ("Origin", raw.url.as_str(), 200),
            ("Host", "attacker.example", 421),
            ("Host", "localhost:1", 200),
        ] {
            assert_eq!(raw.http.get(&messages).header(header, value).send().await.unwrap().status(), status, "{value}");
        }
    }

    #[tokio::test]
    async fn a_program_may_call_it_by_a_host_name_that_is_allowed_and_is_told_how_to_allow_it() {
        let sandbox = Sandbox::start(SandboxOptions::default().allow_hosts(["sandbox"])).await.unwrap();
        let raw = Raw::of(&sandbox);
        for path in ["/sandbox/messages", "/api/v2/ping", "/api/public/verify/request"] {
            let call = async |host| {
                let request = raw.http.post(format!("{}{path}", raw.url)).header("Host", host);
                read(request.header("ApiKey", "k").send().await.unwrap()).await
            };
            let allowed = call("Sandbox:8080").await.0;
            assert_ne!(allowed, 421, "{path}");
            let (status, response) = call("other:8080").await;
            assert_eq!(status, 421, "{path}");
            for word in ["error", "detail"] {
                assert!(response[word].as_str().unwrap().contains("--allow-host"), "{path}: {response}");
            }
        }
    }

    #[tokio::test]
    async fn the_page_has_a_strict_policy() {
        let sandbox = sandbox().await;
        let raw = Raw::of(&sandbox);
        for path in ["/", "/page.css", "/page.js", "/favicon.svg"] {
            let response = raw.http.get(format!("{}{path}", raw.url)).send().await.unwrap();
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        }
    }
}
