//! What a task asks for, and its outcome.
//!
//! The outcome is decided when the task arrives. Only the time at which it is available depends on the clock.

use crate::codes::{self, Code};
use crate::service::Service;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The drawn captchas: the text of each, by the bytes of its image.
pub type Drawn = HashMap<Vec<u8>, String>;

/// The kind of answer that a task has. Each kind has its own report method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// Something visible in images.
    Image,
    /// A token for a site.
    Token,
}

/// A task that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The kind of its answer.
    pub answer_kind: AnswerKind,
    /// The solution, or the reason why there is none.
    pub outcome: Result<Value, &'static str>,
}

const RECAPTCHA: &[&str] = &[
    "RecaptchaV2Task",
    "RecaptchaV2TaskProxyless",
    "NoCaptchaTask",
    "NoCaptchaTaskProxyless",
    "RecaptchaV2EnterpriseTask",
    "RecaptchaV2EnterpriseTaskProxyless",
    "RecaptchaV3TaskProxyless",
    "RecaptchaV3EnterpriseTask",
    "HCaptchaTask",
    "HCaptchaTaskProxyless",
];

const GEETEST: &[&str] = &["GeeTestTask", "GeeTestTaskProxyless"];

const PLAIN_TOKEN: &[&str] = &[
    "FunCaptchaTask",
    "FunCaptchaTaskProxyless",
    "CaptchaFoxTask",
    "TurnstileTask",
    "TurnstileTaskProxyless",
    "ProsopoTask",
    "YidunTask",
    "MTCaptchaTask",
    "CustomTask",
];

/// Accepts or refuses a task. `id` is the id it gets if it is accepted.
pub fn accept(
    service: Service,
    task: &Map<String, Value>,
    id: u64,
    drawn: &Drawn,
) -> Result<Accepted, Code> {
    let task_type = task.get("type").and_then(Value::as_str);
    match task_type.ok_or(codes::ERROR_TASK_NOT_SUPPORTED)? {
        "ImageToTextTask" => {
            let image = Image::read(service, task.get("body"))?;
            let outcome = image.text(drawn).map(|text| json!({ "text": text }));
            Ok(Accepted { answer_kind: AnswerKind::Image, outcome })
        }
        "ComplexImageTask" => {
            let images = read_images(service, task)?;
            let outcome = recognise_grid(&images, drawn);
            Ok(Accepted { answer_kind: AnswerKind::Image, outcome })
        }
        other => {
            let solution =
                token_solution(other, task, id).ok_or(codes::ERROR_TASK_NOT_SUPPORTED)?;
            Ok(Accepted { answer_kind: AnswerKind::Token, outcome: Ok(solution) })
        }
    }
}

/// An uploaded image: its bytes, or `None` if its base64 can't be decoded.
struct Image(Option<Vec<u8>>);

impl Image {
    /// A missing image counts as an image of zero bytes.
    fn read(service: Service, field: Option<&Value>) -> Result<Self, Code> {
        let encoded = field.and_then(Value::as_str).unwrap_or_default();
        let Ok(bytes) = BASE64_STANDARD.decode(encoded) else {
            return Ok(Self(None));
        };
        let allowed = service.image_bytes();
        if bytes.len() < *allowed.start() {
            Err(codes::ERROR_ZERO_CAPTCHA_FILESIZE)
        } else if bytes.len() > *allowed.end() {
            Err(codes::ERROR_TOO_BIG_CAPTCHA_FILESIZE)
        } else {
            Ok(Self(Some(bytes)))
        }
    }

    fn text<'a>(&self, drawn: &'a Drawn) -> Result<&'a str, &'static str> {
        let bytes = self.0.as_ref().ok_or(
            "The image is not strict base64: it needs the standard alphabet and padding, without white space or a data: prefix.",
        )?;
        let text = drawn.get(bytes).ok_or(
            "The sandbox only recognises captchas that it drew itself, byte for byte. Get one at /sandbox/captcha.",
        )?;
        Ok(text)
    }
}

fn read_images(service: Service, task: &Map<String, Value>) -> Result<Vec<Image>, Code> {
    let list = |field| task.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for example in list("exampleImagesBase64") {
        Image::read(service, Some(example))?;
    }
    let images = list("imagesBase64");
    // The services would fetch these images. The sandbox fetches nothing.
    let has_urls = !list("imageUrls").is_empty();
    if images.is_empty() && !has_urls {
        return Err(codes::ERROR_ZERO_CAPTCHA_FILESIZE);
    }
    images.iter().map(|image| Image::read(service, Some(image))).collect()
}

fn recognise_grid(images: &[Image], drawn: &Drawn) -> Result<Value, &'static str> {
    let first = images.first().ok_or("The sandbox does not fetch images from URLs.")?;
    let text = first.text(drawn)?;
    // Any nine cells would do. Derive them from the text, so that different captchas have different answers.
    let seed = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let cells: Vec<bool> = (0..9).map(|cell| cell == 0 || seed >> cell & 1 == 1).collect();
    Ok(json!({ "answer": cells, "metadata": { "AnswerType": "Grid" } }))
}

fn token_solution(task_type: &str, task: &Map<String, Value>, id: u64) -> Option<Value> {
    let token = format!("sandbox-token-{id}");
    if RECAPTCHA.contains(&task_type) {
        Some(json!({ "gRecaptchaResponse": token }))
    } else if PLAIN_TOKEN.contains(&task_type) {
        Some(json!({ "token": token }))
    } else if GEETEST.contains(&task_type) {
        // The two versions of GeeTest share a task type, but their solutions have nothing in common.
        Some(if task.get("version").and_then(Value::as_u64) == Some(4) {
            json!({
                "captcha_id": task.get("gt"),
                "lot_number": format!("lot-{id}"),
                "pass_token": token,
                "gen_time": "0",
                "captcha_output": format!("output-{id}"),
            })
        } else {
            json!({
                "challenge": task.get("challenge"),
                "validate": token,
                "seccode": format!("{token}|jordan"),
            })
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept_json(service: Service, task: Value, drawn: &Drawn) -> Result<Accepted, Code> {
        accept(service, task.as_object().unwrap(), 7, drawn)
    }

    fn image_of(length: usize) -> String {
        BASE64_STANDARD.encode(vec![7; length])
    }

    #[test]
    fn image_bounds_are_inclusive() {
        for (service, most) in [(Service::CapMonster, 500_000), (Service::BroCapGpt, 50_000)] {
            let check = |length| {
                let body = image_of(length);
                let examples = json!({ "type": "ComplexImageTask", "exampleImagesBase64": [body], "imagesBase64": [image_of(100)] });
                let complex =
                    json!({ "type": "ComplexImageTask", "imagesBase64": [image_of(100), body] });
                let text = json!({ "type": "ImageToTextTask", "body": body });
                let [a, b, c] = [examples, complex, text]
                    .map(|task| accept_json(service, task, &Drawn::new()).map(|_| ()));
                assert_eq!(a, b);
                assert_eq!(b, c);
                c
            };
            assert_eq!(check(0), Err(codes::ERROR_ZERO_CAPTCHA_FILESIZE));
            assert_eq!(check(99), Err(codes::ERROR_ZERO_CAPTCHA_FILESIZE));
            assert_eq!(check(100), Ok(()));
            assert_eq!(check(most), Ok(()));
            assert_eq!(check(most + 1), Err(codes::ERROR_TOO_BIG_CAPTCHA_FILESIZE));
        }
    }

    #[test]
    fn base64_that_is_not_strict_is_accepted_and_never_solved() {
        let bytes = vec![0xfb; 100];
        let drawn = Drawn::from([(bytes.clone(), "w7kq".into())]);
        let strict = BASE64_STANDARD.encode(&bytes);
        let text = |body: &str| {
            accept_json(
                Service::CapMonster,
                json!({ "type": "ImageToTextTask", "body": body }),
                &drawn,
            )
            .unwrap()
            .outcome
        };
        assert_eq!(text(&strict), Ok(json!({ "text": "w7kq" })));
        let padless = strict.trim_end_matches('=');
        assert_ne!(padless, strict);
        for wrong in [
            padless.to_owned(),
            format!("{strict}\n"),
            format!("data:image/png;base64,{strict}"),
            strict.replace('+', "-").replace('/', "_"),
        ] {
            assert!(text(&wrong).unwrap_err().contains("base64"), "{wrong}");
        }
    }

    #[test]
    fn an_image_that_was_not_drawn_here_is_unsolvable() {
        let drawn = Drawn::from([(vec![7; 101], "w7kq".into())]);
        for task in [
            json!({ "type": "ImageToTextTask", "body": image_of(100) }),
            json!({ "type": "ComplexImageTask", "imagesBase64": [image_of(100), image_of(101)] }),
        ] {
            let outcome = accept_json(Service::BroCapGpt, task, &drawn).unwrap().outcome;
            assert!(outcome.unwrap_err().contains("drew itself"));
        }
    }

    #[test]
    fn a_drawn_first_image_makes_a_grid() {
        let drawn = Drawn::from([(vec![7; 101], "w7kq".into())]);
        let task =
            json!({ "type": "ComplexImageTask", "imagesBase64": [image_of(101), image_of(200)] });
        let solution = accept_json(Service::CapMonster, task, &drawn).unwrap().outcome.unwrap();
        let answer = solution["answer"].as_array().unwrap();
        assert_eq!(answer.len(), 9);
        assert!(answer.iter().all(Value::is_boolean));
        assert_eq!(answer[0], true);
        assert_eq!(solution["metadata"]["AnswerType"], "Grid");
    }

    #[test]
    fn an_image_task_without_an_image_is_refused() {
        for task in [
            json!({ "type": "ImageToTextTask" }),
            json!({ "type": "ImageToTextTask", "body": 7 }),
            json!({ "type": "ImageToTextTask", "body": null }),
            json!({ "type": "ComplexImageTask" }),
            json!({ "type": "ComplexImageTask", "imagesBase64": [] }),
            json!({ "type": "ComplexImageTask", "imagesBase64": [null] }),
        ] {
            let refused = accept_json(Service::CapMonster, task, &Drawn::new()).unwrap_err();
            assert_eq!(refused, codes::ERROR_ZERO_CAPTCHA_FILESIZE);
        }
    }

    #[test]
    fn images_at_urls_are_not_fetched() {
        let task =
            json!({ "type": "ComplexImageTask", "imageUrls": ["https://site.example/1.png"] });
        let accepted = accept_json(Service::CapMonster, task, &Drawn::new()).unwrap();
        assert!(accepted.outcome.unwrap_err().contains("fetch"));
    }

    #[test]
    fn token_types_get_the_solution_of_their_family() {
        let solution =
            |task| accept_json(Service::CapMonster, task, &Drawn::new()).unwrap().outcome.unwrap();
        for task_type in RECAPTCHA {
            assert_eq!(
                solution(json!({ "type": task_type })),
                json!({ "gRecaptchaResponse": "sandbox-token-7" })
            );
        }
        for task_type in PLAIN_TOKEN {
            assert_eq!(
                solution(json!({ "type": task_type })),
                json!({ "token": "sandbox-token-7" })
            );
        }
        let three = solution(json!({ "type": "GeeTestTask", "challenge": "c" }));
        assert_eq!(three["challenge"], "c");
        assert!(three["seccode"].is_string());
        let four = solution(json!({ "type": "GeeTestTask", "version": 4, "gt": "g" }));
        assert_eq!(four["captcha_id"], "g");
        assert!(four["pass_token"].is_string());
    }

    #[test]
    fn other_types_are_refused() {
        for task in [
            json!({}),
            json!({ "type": 1 }),
            json!({ "type": "" }),
            json!({ "type": "imagetotexttask" }),
        ] {
            let refused = accept_json(Service::CapMonster, task, &Drawn::new()).unwrap_err();
            assert_eq!(refused, codes::ERROR_TASK_NOT_SUPPORTED);
        }
    }
}
