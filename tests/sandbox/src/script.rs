//! Replies and faults that a test scripts in advance for the next matching requests.

use crate::service::{Method, Service};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

/// One step of a script.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Applies to requests to this service; to both if absent.
    service: Option<Service>,
    /// Applies to requests of this method; to all if absent.
    method: Option<Method>,
    /// How many requests it applies to.
    #[serde(default = "once")]
    times: NonZeroU32,
    /// Delay of the reply, counted from the arrival of the request.
    #[serde(default)]
    delay_ms: u64,
    reply: Reply,
}

/// The reply to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "lowercase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Reply {
    /// The rules' answer. The rules are applied when the request arrives, however late the answer is sent.
    Rules,
    /// An error in the services' format.
    Error {
        /// Any code, even one that no service has.
        code: String,
        /// By default the sandbox's text for this code.
        description: Option<String>,
        /// By default 200, like the services.
        #[serde(default, deserialize_with = "status")]
        status: StatusCode,
    },
    /// Any JSON.
    Json {
        /// By default 200.
        #[serde(default, deserialize_with = "status")]
        status: StatusCode,
        /// Additional headers. They override the sandbox's own.
        #[serde(default, deserialize_with = "headers")]
        headers: HeaderMap,
        /// The body.
        body: Value,
    },
    /// Any text.
    Text {
        /// By default 200.
        #[serde(default, deserialize_with = "status")]
        status: StatusCode,
        /// Additional headers. They override the sandbox's own.
        #[serde(default, deserialize_with = "headers")]
        headers: HeaderMap,
        /// By default plain text.
        content_type: Option<String>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// An answer that never ends. The connection stays open until the client disconnects.
    Hang {
        /// How much of the answer is sent.
        #[serde(rename = "where")]
        at: HangPoint,
    },
    /// The connection is reset (RST) without an answer.
    Reset,
    /// The connection closes before the promised length was sent.
    Cut,
    /// An answer sent byte by byte.
    Drip {
        /// The body.
        body: Value,
        /// The time between two bytes.
        every_ms: u64,
    },
    /// A very long answer: a single JSON string.
    Big {
        /// The length of the body, quotes included.
        bytes: u64,
    },
    /// A redirect.
    Redirect {
        /// A status from 300 to 399, such as 302 or 307.
        #[serde(deserialize_with = "redirection")]
        status: StatusCode,
        /// The target.
        #[serde(deserialize_with = "header_value")]
        location: HeaderValue,
    },
    /// Exactly these bytes, starting with the status line: answers that no correct server sends.
    Raw {
        /// In base64.
        #[serde(deserialize_with = "bytes")]
        base64: Bytes,
        /// What happens after the bytes.
        then: Then,
    },
}

/// What happens to the connection after all bytes were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// It is closed (FIN).
    Close,
    /// It is reset (RST).
    Reset,
    /// It stays open until the client disconnects.
    Hold,
}

/// The point at which an answer hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HangPoint {
    /// Before anything was sent.
    BeforeHeaders,
    /// After all headers.
    AfterHeaders,
    /// After the headers and part of the body.
    InBody,
}

/// The steps that are left, in the order they were added.
#[derive(Debug, Default)]
pub struct Queue(VecDeque<Step>);

impl Queue {
    /// Adds one step or a list of steps, all or none. Returns how many are queued.
    pub fn push(&mut self, steps: &[u8]) -> Result<usize, String> {
        let parsed = match serde_json::from_slice(steps) {
            Ok(Value::Array(list)) => list.into_iter().map(serde_json::from_value).collect(),
            Ok(one) => serde_json::from_value(one).map(|step| vec![step]),
            Err(error) => Err(error),
        };
        let steps: Vec<Step> = parsed.map_err(|error| error.to_string())?;
        self.0.extend(steps);
        Ok(self.0.len())
    }

    /// Takes the reply of the first step that matches the request, and counts it as used once.
    pub fn take(&mut self, service: Service, method: &str) -> Option<(Reply, Duration)> {
        let index = self.0.iter().position(|step| {
            step.service.is_none_or(|wanted| wanted == service)
                && step.method.is_none_or(|wanted| wanted.name() == method)
        })?;
        let step = self.0.get_mut(index)?;
        let taken = (step.reply.clone(), Duration::from_millis(step.delay_ms));
        match NonZeroU32::new(step.times.get() - 1) {
            Some(left) => step.times = left,
            None => drop(self.0.remove(index)),
        }
        Some(taken)
    }
}

fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<StatusCode, D::Error> {
    let status = u16::deserialize(from)?;
    // 1xx is not a final answer: a client would keep waiting.
    let known = StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status));
    known.ok_or_else(|| D::Error::custom(format!("status must be 200 to 599, not {status}")))
}

fn redirection<'de, D: Deserializer<'de>>(from: D) -> Result<StatusCode, D::Error> {
    let status = status(from)?;
    if status.is_redirection() {
        Ok(status)
    } else {
        Err(D::Error::custom(format!(
            "status of a redirect must be 300 to 399, not {}",
            status.as_u16()
        )))
    }
}

fn header_value<'de, D: Deserializer<'de>>(from: D) -> Result<HeaderValue, D::Error> {
    HeaderValue::try_from(String::deserialize(from)?).map_err(D::Error::custom)
}

fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    let bytes = BASE64_STANDARD.decode(String::deserialize(from)?);
    bytes.map(Bytes::from).map_err(D::Error::custom)
}

fn headers<'de, D: Deserializer<'de>>(from: D) -> Result<HeaderMap, D::Error> {
    HashMap::<String, String>::deserialize(from)?
        .into_iter()
        .map(|(name, value)| {
            let name = HeaderName::try_from(name).map_err(D::Error::custom)?;
            let value = HeaderValue::try_from(value).map_err(D::Error::custom)?;
            Ok((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn push(queue: &mut Queue, steps: Value) -> Result<usize, String> {
        queue.push(steps.to_string().as_bytes())
    }

    fn code(taken: Option<(Reply, Duration)>) -> Option<String> {
        match taken?.0 {
            Reply::Error { code, .. } => Some(code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_matching_step_is_used_up() {
        let mut queue = Queue::default();
        let error = |code| json!({ "kind": "error", "code": code });
        push(
            &mut queue,
            json!([
                { "service": "brocapgpt", "reply": error("A") },
                { "method": "getBalance", "times": 2, "reply": error("B") },
            ]),
        )
        .unwrap();
        push(&mut queue, json!({ "reply": error("C") })).unwrap();

        let mut take = |service, method| code(queue.take(service, method));
        assert_eq!(take(Service::CapMonster, "getBalance").as_deref(), Some("B"));
        assert_eq!(take(Service::CapMonster, "createTask").as_deref(), Some("C"));
        assert_eq!(take(Service::CapMonster, "createTask"), None);
        assert_eq!(take(Service::BroCapGpt, "getBalance").as_deref(), Some("A"));
        assert_eq!(take(Service::BroCapGpt, "getBalance").as_deref(), Some("B"));
        assert_eq!(take(Service::BroCapGpt, "getBalance"), None);
    }

    #[test]
    fn every_kind_of_reply_is_accepted() {
        let replies = [
            json!({ "kind": "rules" }),
            json!({ "kind": "error", "code": "X", "description": "y", "status": 402 }),
            json!({ "kind": "json", "status": 200, "headers": { "Retry-After": "2" }, "body": null }),
            json!({ "kind": "text", "status": 502, "contentType": "text/html", "body": "<html>" }),
            json!({ "kind": "hang", "where": "before-headers" }),
            json!({ "kind": "hang", "where": "after-headers" }),
            json!({ "kind": "hang", "where": "in-body" }),
            json!({ "kind": "reset" }),
            json!({ "kind": "cut" }),
            json!({ "kind": "drip", "body": {}, "everyMs": 5 }),
            json!({ "kind": "big", "bytes": 5 }),
            json!({ "kind": "redirect", "status": 307, "location": "/" }),
            json!({ "kind": "raw", "base64": "AA==", "then": "hold" }),
        ];
        let mut queue = Queue::default();
        for reply in replies {
            let step = json!({ "delayMs": 3, "reply": reply });
            push(&mut queue, step).unwrap_or_else(|error| panic!("{reply}: {error}"));
        }
        assert_eq!(queue.0.len(), 13);
    }

    #[test]
    fn a_mistake_is_named_and_no_step_is_added() {
        let mut queue = Queue::default();
        let good = json!({ "reply": { "kind": "rules" } });
        for (wrong, word) in [
            (json!({ "reply": { "kind": "nap" } }), "nap"),
            (json!({ "reply": { "kind": "rules" }, "delay": 1 }), "delay"),
            (json!({ "reply": { "kind": "big", "bytes": 1, "size": 1 } }), "size"),
            (json!({ "reply": { "kind": "rules" }, "method": "createtask" }), "createtask"),
            (json!({ "reply": { "kind": "rules" }, "service": "other" }), "other"),
            (json!({ "reply": { "kind": "rules" }, "times": 0 }), "nonzero"),
            (json!({ "reply": { "kind": "json", "body": 1, "status": 101 } }), "101"),
            (json!({ "reply": { "kind": "redirect", "status": 200, "location": "/" } }), "300"),
            (json!({ "reply": { "kind": "text", "headers": { "a b": "" } } }), "header name"),
            (json!({ "reply": { "kind": "raw", "base64": "?", "then": "close" } }), "symbol"),
            (json!({}), "reply"),
        ] {
            let message = push(&mut queue, json!([good, wrong])).unwrap_err();
            assert!(message.contains(word), "{message}");
        }
        assert!(queue.push(b"{").is_err());
        assert!(queue.0.is_empty());
    }
}
