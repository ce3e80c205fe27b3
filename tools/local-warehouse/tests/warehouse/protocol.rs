//! Streamable HTTP: headers, sessions, status codes, tokens.

use local_warehouse::ReplyStyle;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::client::{
    BOTH_STYLES, Client, PROTOCOL_VERSION, READ_ONLY, READ_WRITE, initialize, message, start, tool_call,
};

#[tokio::test]
async fn the_handshake_names_the_server_and_its_tools() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        assert_eq!(client.session.is_some(), style == ReplyStyle::StatefulSse);

        let reply = message(client.post(&initialize()).send().await.unwrap()).await;
        assert_eq!(reply["result"]["protocolVersion"], PROTOCOL_VERSION);
        assert_eq!(reply["result"]["serverInfo"]["name"], "local-warehouse");

        let reply =
            message(client.post(&json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list" })).send().await.unwrap())
                .await;
        assert_eq!(reply["id"], 7);
        let tools = reply["result"]["tools"].as_array().unwrap();
        let signatures: Vec<(&Value, &Value)> =
            tools.iter().map(|tool| (&tool["name"], &tool["inputSchema"]["required"])).collect();
        assert_eq!(signatures, [(&json!("query"), &json!(["database", "sql"])), (&json!("query_rw"), &json!(["sql"]))]);
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_reply_has_the_form_of_its_style() {
    for (style, content_type) in
        [(ReplyStyle::StatefulSse, "text/event-stream"), (ReplyStyle::StatelessJson, "application/json")]
    {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        let response = client.send_call("query_rw", json!({ "sql": "SELECT 1" })).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], content_type);
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_ping_is_answered() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        let reply =
            message(client.post(&json!({ "jsonrpc": "2.0", "id": "p", "method": "ping" })).send().await.unwrap()).await;
        assert_eq!(reply, json!({ "jsonrpc": "2.0", "id": "p", "result": {} }));
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_session_is_needed_known_and_ended_by_delete() {
    let warehouse = start(ReplyStyle::StatefulSse).await;
    let client = Client::connect(&warehouse).await;
    let call = tool_call(1, "query_rw", &json!({ "sql": "SELECT 1" }));

    let without = client.with_session(None);
    assert_eq!(without.post(&call).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let unknown = client.with_session(Some("never-given"));
    assert_eq!(unknown.post(&call).send().await.unwrap().status(), StatusCode::NOT_FOUND);

    assert!(client.request(Method::DELETE).send().await.unwrap().status().is_success());
    assert_eq!(client.post(&call).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn get_opens_a_stream_with_sessions_and_is_refused_without() {
    let warehouse = start(ReplyStyle::StatefulSse).await;
    let client = Client::connect(&warehouse).await;
    let response = client.request(Method::GET).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    drop(response);
    warehouse.stop().await.unwrap();

    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(client.request(method).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_or_missing_token_is_challenged_everywhere() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        for path in ["/mcp", "/faults", "/requests"] {
            let url = warehouse.url().replace("/mcp", path);
            let http = reqwest::Client::new();
            let missing = http.post(&url).json(&initialize()).send().await.unwrap();
            assert_eq!(missing.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(missing.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"local-warehouse\"");

            let wrong = http.post(&url).bearer_auth("read-write-tokem").json(&initialize()).send().await.unwrap();
            assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
            let challenge = wrong.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn the_control_api_is_for_the_read_write_token_alone() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    for (token, status) in [(READ_ONLY, StatusCode::FORBIDDEN), (READ_WRITE, StatusCode::OK)] {
        let client = Client::new(warehouse.url(), token);
        for path in ["/faults", "/requests"] {
            assert_eq!(client.control(Method::GET, path).send().await.unwrap().status(), status);
        }
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_must_accept_both_kinds_of_reply_and_send_json() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let http = reqwest::Client::new();
        let post = || http.post(warehouse.url()).bearer_auth(READ_WRITE).json(&initialize());
        let one_kind = post().header(header::ACCEPT, "application/json").send().await.unwrap();
        assert_eq!(one_kind.status(), StatusCode::NOT_ACCEPTABLE);

        let client = Client::new(warehouse.url(), READ_WRITE);
        let text =
            client.request(Method::POST).header(header::CONTENT_TYPE, "text/plain").body("{}").send().await.unwrap();
        assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let broken = client
            .request(Method::POST)
            .header(header::CONTENT_TYPE, "application/json")
            .body("{")
            .send()
            .await
            .unwrap();
        assert!(broken.status().is_client_error(), "{}", broken.status());
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_unknown_protocol_version_is_refused() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let http = reqwest::Client::new();
    let response = http
        .post(warehouse.url())
        .bearer_auth(READ_WRITE)
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header("mcp-protocol-version", "1999-01-01")
        .json(&tool_call(1, "query_rw", &json!({ "sql": "SELECT 1" })))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn wrong_arguments_and_unknown_tools_are_protocol_errors_that_name_the_mistake() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        for (tool, arguments, mistake) in [
            ("query", json!({ "sql": "SELECT 1" }), "database"),
            ("query_rw", json!({}), "sql"),
            ("query_rw", json!({ "sql": 1 }), "string"),
            ("query_rw", json!({ "sql": "SELECT 1", "sqll": "" }), "sqll"),
            ("execute_query", json!({ "sql": "SELECT 1" }), "execute_query"),
        ] {
            let reply = message(client.send_call(tool, arguments).await.unwrap()).await;
            assert_eq!(reply["error"]["code"], -32602);
            let text = reply["error"]["message"].as_str().unwrap();
            assert!(text.contains(mistake), "{text}");
        }
        warehouse.stop().await.unwrap();
    }
}
