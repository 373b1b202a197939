//! A task as it is sent: the caller's object with its images turned into base64.

pub mod catalog;
mod check;
pub mod image;
pub mod schema;

use crate::circuit_breaker::BanScope;
use crate::error::{Failure, Result};
use crate::platform::{HostValue, MAX_ITEMS, MAX_MEMBERS, Platform, ValueType, must_be, too_many};
use crate::record::{MemberWriter, Record};
use crate::service::ImageLimits;
use crate::texts;
use crate::url::site;
use catalog::TaskType;
use check::{check, check_values, takes_audio, whole};
use image::Image;
use schema::Rule;
use std::rc::Rc;

/// The type of the task that reads the text in an image.
const IMAGE_TO_TEXT: &str = "ImageToTextTask";

/// The input of a solve.
#[derive(Debug)]
pub enum TaskInput<V> {
    /// A task.
    Task(V),
    /// Only an image, whose text is wanted, and other fields of its task: those of [`image_options`].
    Image(V, Vec<(String, V)>),
}

impl<V: HostValue> TaskInput<V> {
    /// The type of the task.
    #[must_use]
    pub fn task_type(&self) -> TaskType {
        let Self::Task(task) = self else { return TaskType::new(IMAGE_TO_TEXT.to_owned()) };
        let name = task.get("type").and_then(|it| it.as_string()).unwrap_or_default();
        let no_cache = task.get("nocache").map(|it| it.value_type());
        TaskType { is_cached: no_cache != Some(ValueType::Bool(true)), ..TaskType::new(name) }
    }
}

/// The fields of a task that reads an image, besides the image.
#[must_use]
pub fn image_options() -> Vec<&'static str> {
    let task_type = TaskType::new(IMAGE_TO_TEXT.to_owned());
    let mut names = Vec::new();
    // Loops: an iterator over lists of lists is four functions.
    for fields in task_type.specs.first().map_or(&[][..], |spec| spec.fields) {
        for field in *fields {
            if !field.required {
                names.push(field.path);
            }
        }
    }
    names
}

/// A task that may be sent: every image in it is base64 within the service's limits.
#[derive(Debug)]
pub struct Task<V> {
    name: String,
    fields: Vec<(String, Field<V>)>,
    /// The scopes of a refusal of this task, besides the account.
    pub scopes: Rc<Vec<BanScope>>,
    /// The size of each of its images, in bytes.
    pub image_bytes: Vec<usize>,
}

#[derive(Debug)]
enum Field<V> {
    /// The caller's value, or an image as base64.
    One(V),
    Images(Vec<V>),
    /// A number that was given as text.
    Whole(u32),
}

impl<V: HostValue> Task<V> {
    /// Reads a task. The caller's object is not changed.
    ///
    /// # Errors
    /// `INVALID_TASK`, and the codes of [`image`].
    pub async fn read<P: Platform<Value = V>>(
        platform: &P,
        input: TaskInput<V>,
        task_type: &TaskType,
        limits: ImageLimits,
    ) -> Result<Self> {
        let takes_audio = match &input {
            TaskInput::Task(task) => takes_audio(task_type, task),
            TaskInput::Image(..) => false,
        };
        let (scopes, entries) = match input {
            // Before the images are read: cheap checks come first.
            TaskInput::Task(task) => (scopes(&task), checked_entries(&task, task_type)?),
            TaskInput::Image(image, options) => {
                check_values(task_type, &options)?;
                let body = ("body".to_owned(), image);
                (Vec::new(), [body].into_iter().chain(options).collect())
            }
        };
        let mut fields = Vec::new();
        let mut image_bytes = Vec::new();
        let mut base64_of = |image: Image<V>| {
            image_bytes.push(image.bytes);
            image.base64
        };
        for (name, value) in entries {
            let field = match (task_type.image_rule(&name), value.value_type()) {
                (Some(Rule::Image), _) => {
                    Field::One(base64_of(image::read(platform, &value, limits, takes_audio).await?))
                }
                (Some(Rule::Images), ValueType::Array) => {
                    let mut images = Vec::new();
                    let items = value.items(MAX_ITEMS);
                    let items = items.ok_or_else(|| Failure::field(&name, too_many(MAX_ITEMS)))?;
                    for (index, item) in items.iter().enumerate() {
                        let image = image::read(platform, item, limits, takes_audio).await;
                        images.push(base64_of(image.map_err(|mut failure| {
                            failure.index = Some(index);
                            failure.field = Some(name.clone());
                            failure
                        })?));
                    }
                    Field::Images(images)
                }
                (None, ValueType::String) if task_type.is_selected_by_number(&name) => {
                    whole(&value).map_or(Field::One(value), Field::Whole)
                }
                (None, _) | (Some(_), ValueType::Null) => Field::One(value),
                (Some(_), _) => return Err(Failure::field(&name, must_be(texts::IMAGES, &value))),
            };
            fields.push((name, field));
        }
        Ok(Self { name: task_type.name.clone(), fields, scopes: Rc::new(scopes), image_bytes })
    }
}

/// The members of a task that passes the checks, except for its type.
fn checked_entries<V: HostValue>(task: &V, task_type: &TaskType) -> Result<Vec<(String, V)>> {
    if task.value_type() != ValueType::Object {
        return Err(Failure::field("task", must_be(texts::TASK_OBJECT, task)));
    }
    if task_type.name.is_empty() {
        let rule = match task.get("type") {
            Some(name) if name.as_string().is_some() => texts::EMPTY.into(),
            Some(invalid) => must_be(texts::TYPE_TEXT, &invalid),
            None => texts::MISSING.into(),
        };
        return Err(Failure::field("type", rule));
    }
    check(task_type, task)?;
    let unreadable = || Failure::field("task", too_many(MAX_MEMBERS));
    let mut entries = task.entries().ok_or_else(unreadable)?;
    entries.retain(|(name, _)| name != "type");
    Ok(entries)
}

impl<V> Record<V> for Task<V> {
    fn members(&self, put: &mut MemberWriter<'_, V>) {
        put.text("type", &self.name);
        for (name, field) in &self.fields {
            match field {
                Field::One(value) => put.value(name, value),
                Field::Images(images) => put.values(name, images),
                Field::Whole(number) => put.whole(name, (*number).into()),
            }
        }
    }
}

/// The site and the proxy of a task.
fn scopes<V: HostValue>(task: &V) -> Vec<BanScope> {
    let text = |name| task.get(name).and_then(|value| value.as_string());
    // The same port may be given as a number and as its digits.
    let port = task.get("proxyPort").map(|port| port.as_string().unwrap_or_else(|| port.digits()));
    let mut scopes = Vec::new();
    if let Some(url) = text("websiteURL") {
        scopes.push(BanScope::Site(site(&url)));
    }
    if let Some(host) = text("proxyAddress") {
        scopes.push(BanScope::Proxy(host, port.unwrap_or_default()));
    }
    scopes
}
