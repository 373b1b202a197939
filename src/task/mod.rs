//! A task as it is sent: the caller's object with its images turned into base64, and its timings.

use crate::error::{Cause, Failure, Result};
use crate::guard::Subject;
use crate::host::{Host, Json, Kind, must_be};
use crate::image::{self, Image};
use crate::kinds::{Rule, check, image_rule};
use crate::service::ImageLimits;
use crate::texts::{self, Detail};
use crate::url::site;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The type of the task that reads the text in an image.
const IMAGE_TO_TEXT: &str = "ImageToTextTask";

/// What a caller gives to be solved.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a, V> {
    /// A task.
    Task(&'a V),
    /// Nothing but an image, whose text is wanted.
    Image(&'a V),
}

impl<V: Json> Given<'_, V> {
    /// The type of the task, empty where it has none.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Task(task) => task.get("type").and_then(|kind| kind.text()).unwrap_or_default(),
            Self::Image(_) => IMAGE_TO_TEXT.to_owned(),
        }
    }
}

/// A task that may be sent: every image in it is base64 within the service's limits.
#[derive(Debug)]
pub struct Task<V> {
    /// Its type, as on the wire.
    pub kind: String,
    /// What a refusal of the service may be about, besides the account.
    pub subjects: Vec<Subject>,
    /// The size of each of its images, in bytes.
    pub image_bytes: Vec<usize>,
    fields: Vec<(String, Field<V>)>,
}

#[derive(Debug)]
enum Field<V> {
    Given(V),
    Image(String),
    Images(Vec<String>),
}

impl<V: Json> Task<V> {
    /// Reads a task from what the caller gave. The caller's object is not changed.
    ///
    /// # Errors
    /// `INVALID_TASK`, and the codes of [`image`].
    pub async fn read<H: Host<Value = V>>(
        host: &H,
        given: Given<'_, V>,
        limits: ImageLimits,
    ) -> Result<Self> {
        let (mut task, entries) = match given {
            Given::Task(task) => checked(task)?,
            Given::Image(image) => {
                (Self::empty(IMAGE_TO_TEXT.to_owned()), vec![("body".to_owned(), image.clone())])
            }
        };
        for (name, value) in entries {
            let rule = image_rule(&task.kind, &name);
            let is_list = matches!(rule, Some(Rule::Images));
            let items = match value.kind() {
                _ if rule.is_none() => None,
                Kind::Null if is_list => None,
                Kind::List if is_list => Some(value.items()),
                _ if is_list => {
                    return Err(Failure::field(&name, must_be(texts::IMAGES, &value)));
                }
                _ => Some(vec![value.clone()]),
            };
            let Some(items) = items else {
                task.fields.push((name, Field::Given(value)));
                continue;
            };
            let mut images = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let image = read_image(host, item, limits).await.map_err(|mut failure| {
                    if is_list {
                        failure.index = Some(index);
                        failure.field = Some(name.clone());
                    }
                    failure
                })?;
                task.image_bytes.push(image.bytes);
                images.push(image.base64);
            }
            let field = if is_list { Field::Images(images) } else { Field::Image(images.concat()) };
            task.fields.push((name, field));
        }
        Ok(task)
    }

    fn empty(kind: String) -> Self {
        Self { kind, subjects: Vec::new(), image_bytes: Vec::new(), fields: Vec::new() }
    }
}

/// The members of an object.
type Entries<V> = Vec<(String, V)>;

/// The task of a caller's object, whose fields are still to be filled, and what they are.
fn checked<V: Json>(given: &V) -> Result<(Task<V>, Entries<V>)> {
    if given.kind() != Kind::Object {
        return Err(Failure::field("task", must_be(texts::TASK_OBJECT, given)));
    }
    let kind = match given.get("type") {
        Some(kind) if kind.kind() == Kind::Text => kind.text().unwrap_or_default(),
        Some(odd) => return Err(Failure::field("type", must_be(texts::TYPE_TEXT, &odd))),
        None => return Err(Failure::field("type", texts::MISSING)),
    };
    if kind.is_empty() {
        return Err(Failure::field("type", texts::EMPTY));
    }
    // Before the images are read: what is cheap to refuse comes first.
    check(&kind, given)?;
    let entries = given.entries();
    if !entries.iter().any(|(name, _)| name == "type") {
        return Err(Failure::field("task", texts::UNREADABLE));
    }
    Ok((Task { subjects: subjects(given), ..Task::empty(kind) }, entries))
}

impl<V: Serialize> Serialize for Task<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.kind)?;
        for (name, field) in self.fields.iter().filter(|(name, _)| name != "type") {
            match field {
                Field::Given(value) => map.serialize_entry(name, value)?,
                Field::Image(base64) => map.serialize_entry(name, base64)?,
                Field::Images(list) => map.serialize_entry(name, list)?,
            }
        }
        map.end()
    }
}

async fn read_image<H: Host>(host: &H, value: &H::Value, limits: ImageLimits) -> Result<Image> {
    match value.kind() {
        Kind::Text => {
            // Measured before it is copied: a video dropped by mistake never enters this memory. So much
            // white space as would still make it fit is in no base64.
            let length = value.text_length();
            if length > f64::from(limits.max_bytes) * 8.0 + 65_536.0 {
                image::check_size((length * 0.75).floor(), limits)?;
            }
            image::from_text(&value.text().unwrap_or_default(), limits)
        }
        Kind::Binary(size) => {
            image::check_size(size, limits)?;
            match host.bytes(value).await {
                Ok(bytes) => image::from_bytes(&bytes, limits),
                Err(error) => {
                    let reason = Detail::verbatim(&error.message);
                    let mut failure = image::invalid(texts::IMAGE_UNREADABLE.with([reason]));
                    failure.cause = Some(Cause::Platform(error));
                    Err(failure)
                }
            }
        }
        _ => Err(image::invalid(value.shown())),
    }
}

/// The site and the proxy of a task, for a refusal to be remembered by.
fn subjects<V: Json>(task: &V) -> Vec<Subject> {
    let text = |name| task.get(name).and_then(|value| value.text());
    // The same port may be given as a number and as its digits.
    let port = task.get("proxyPort").map(|port| port.text().unwrap_or_else(|| port.digits()));
    let site = text("websiteURL").map(|url| Subject::Site(site(&url)));
    let proxy = text("proxyAddress").map(|host| Subject::Proxy(host, port.unwrap_or_default()));
    site.into_iter().chain(proxy).collect()
}
