//! A task as it is sent: the caller's object with its images turned into base64, and its timings.

use crate::error::{Cause, Failure, Result};
use crate::guard::Subject;
use crate::host::{Host, Json, Kind, must_be};
use crate::image::{self, Image};
use crate::kinds::{Rule, check, image_rule};
use crate::service::ImageLimits;
use crate::texts::{self, Detail};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The type of the task that reads the text in an image.
pub const IMAGE_TO_TEXT: &str = "ImageToTextTask";

/// The type of a task as the caller gave it, empty where it has none.
#[must_use]
pub fn kind_of<V: Json>(given: &V) -> String {
    given.get("type").and_then(|kind| kind.text()).unwrap_or_default()
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
        given: &V,
        limits: ImageLimits,
    ) -> Result<Self> {
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
        let mut task =
            Self { subjects: subjects(given), image_bytes: Vec::new(), fields: Vec::new(), kind };
        for (name, value) in given.entries() {
            let field = match image_rule(&task.kind, &name) {
                Some(Rule::Images) if value.kind() == Kind::Null => Field::Given(value),
                Some(Rule::Image) => Field::Image(task.image(host, &value, limits).await?),
                Some(_) => task.images(host, &name, &value, limits).await?,
                None => Field::Given(value),
            };
            task.fields.push((name, field));
        }
        Ok(task)
    }

    /// The task of `solveImage`: nothing but an image.
    ///
    /// # Errors
    /// The codes of [`image`].
    pub async fn image_to_text<H: Host<Value = V>>(
        host: &H,
        image: &V,
        limits: ImageLimits,
    ) -> Result<Self> {
        let image = read_image(host, image, limits).await?;
        Ok(Self {
            kind: IMAGE_TO_TEXT.to_owned(),
            subjects: Vec::new(),
            image_bytes: vec![image.bytes],
            fields: vec![("body".to_owned(), Field::Image(image.base64))],
        })
    }

    async fn image<H: Host<Value = V>>(
        &mut self,
        host: &H,
        value: &V,
        limits: ImageLimits,
    ) -> Result<String> {
        let image = read_image(host, value, limits).await?;
        self.image_bytes.push(image.bytes);
        Ok(image.base64)
    }

    async fn images<H: Host<Value = V>>(
        &mut self,
        host: &H,
        name: &str,
        value: &V,
        limits: ImageLimits,
    ) -> Result<Field<V>> {
        if value.kind() != Kind::List {
            return Err(Failure::field(name, must_be(texts::IMAGES, value)));
        }
        let mut images = Vec::new();
        for (index, item) in value.items().iter().enumerate() {
            images.push(self.image(host, item, limits).await.map_err(|mut failure| {
                failure.index = Some(index);
                failure.field = Some(name.to_owned());
                failure
            })?);
        }
        Ok(Field::Images(images))
    }
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

/// The host in a web address, in lower case; text that is no such address stands for itself.
fn site(url: &str) -> String {
    let rest = url.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")).unwrap_or(url);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_its_host() {
        for (url, host) in [
            ("https://Example.com/a?b#c", "example.com"),
            ("http://user:secret@example.com:8080", "example.com:8080"),
            ("example.com/path", "example.com"),
            ("", ""),
        ] {
            assert_eq!(site(url), host, "{url}");
        }
    }
}
