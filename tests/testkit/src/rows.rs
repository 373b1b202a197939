//! The task types, as `fixtures/tasks.json` has them: written by hand from the services' documentation,
//! never from the client's own table, so that the two can disagree.

use super::{Js, base64};
use base64_simd::STANDARD;
use serde_json::Value;

/// A task type, or one variant of it.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    /// The services that document it.
    pub services: Vec<String>,
    /// Other names of the type.
    pub legacy: Vec<String>,
    pub first_delay_ms: f64,
    /// The same with `nocache`.
    pub no_cache_delay_ms: f64,
    pub timeout_ms: f64,
    /// Groups of which one field must be given.
    pub one_of: Vec<Vec<String>>,
    /// A task with only the required fields.
    pub minimal: Value,
    /// A task with every documented field.
    pub full: Value,
    pub solution: Value,
}

/// Every row.
pub fn rows() -> Vec<Row> {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/tasks.json")).unwrap();
    let rows: Vec<_> = rows.iter().map(Row::read).collect();
    assert_eq!(rows.len(), 20);
    rows
}

/// The row of this name.
pub fn row(name: &str) -> Row {
    rows().into_iter().find(|row| row.name == name).expect(name)
}

impl Row {
    fn read(row: &Value) -> Self {
        let texts = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        Self {
            name: row["row"].as_str().unwrap().to_owned(),
            services: texts(&row["services"]),
            legacy: texts(&row["legacy"]),
            first_delay_ms: row["firstDelayMs"].as_f64().unwrap(),
            no_cache_delay_ms: row["noCacheDelayMs"].as_f64().unwrap(),
            timeout_ms: row["timeoutMs"].as_f64().unwrap(),
            one_of: row["oneOf"].as_array().unwrap().iter().map(texts).collect(),
            minimal: row["minimal"].clone(),
            full: row["full"].clone(),
            solution: row["solution"].clone(),
        }
    }

    /// Its tasks, each with a name: minimal, full, and both under each legacy name.
    pub fn tasks(&self) -> Vec<(String, Value)> {
        let mut tasks = vec![
            (format!("{}, minimal", self.name), self.minimal.clone()),
            (format!("{}, full", self.name), self.full.clone()),
        ];
        for legacy in &self.legacy {
            for (size, task) in [("minimal", &self.minimal), ("full", &self.full)] {
                let mut task = with(task, "type", legacy.as_str());
                if legacy.ends_with("Proxyless") {
                    task.as_object_mut().unwrap().retain(|name, _| !name.starts_with("proxy"));
                }
                tasks.push((format!("{legacy}, {size}"), task));
            }
        }
        tasks
    }

    pub fn takes_proxy(&self) -> bool {
        self.full.get("proxyType").is_some()
    }

    /// The paths of the fields that are required on their own, except `type`.
    pub fn required(&self) -> Vec<String> {
        let mut paths = paths(&self.minimal);
        paths.retain(|path| path != "type" && !self.one_of.iter().flatten().any(|one| one == path));
        paths
    }

    /// The paths of the fields that are optional on their own.
    pub fn optional(&self) -> Vec<String> {
        let required = self.required();
        let mut paths = paths(&self.full);
        paths.retain(|path| path != "type" && !required.contains(path));
        paths
    }
}

/// The paths of the documented fields in a task: one level into `metadata`, but not into that of a
/// `CustomTask`, which is the caller's.
pub fn paths(task: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, value) in task.as_object().unwrap() {
        match value {
            Value::Object(members) if name == "metadata" && task["type"] != "CustomTask" => {
                paths.extend(members.keys().map(|member| format!("{name}.{member}")));
            }
            _ => paths.push(name.clone()),
        }
    }
    paths
}

/// The task with a field set.
pub fn with(task: &Value, path: &str, value: impl Into<Value>) -> Value {
    let mut task = task.clone();
    match path.split_once('.') {
        None => task[path] = value.into(),
        Some((outer, inner)) => task[outer][inner] = value.into(),
    }
    task
}

/// The task with a field taken out.
pub fn without(task: &Value, path: &str) -> Value {
    let mut task = task.clone();
    let (outer, inner) = path.split_once('.').unwrap_or((path, ""));
    let members = match inner {
        "" => task.as_object_mut().unwrap(),
        _ => task[outer].as_object_mut().unwrap(),
    };
    members.remove(if inner.is_empty() { outer } else { inner }).expect(path);
    task
}

/// The task with a field set to a value that JSON may not have.
pub fn with_js(task: &Value, path: &str, value: Js) -> Js {
    let (outer, inner) = path.split_once('.').unwrap_or((path, ""));
    let value = match inner {
        "" => value,
        _ => Js::from(task[outer].clone()).with_member(inner, value),
    };
    Js::from(task.clone()).with_member(outer, value)
}

impl Js {
    /// This object with one member set, at its place if it is there already.
    fn with_member(&self, name: &str, value: Self) -> Self {
        let mut members = self.members();
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => members.push((name.to_owned(), value)),
        }
        Self::Object(members)
    }
}

/// Whether the field holds images.
pub fn is_image(path: &str) -> bool {
    ["body", "imagesBase64", "exampleImagesBase64"].contains(&path)
}

/// The task with its base64 texts as bytes.
pub fn with_bytes(task: &Value) -> Js {
    let bytes = |text: &Value| {
        let text = text.as_str().unwrap();
        let bytes = STANDARD.decode_to_vec(text).unwrap();
        assert_eq!(base64(&bytes), text);
        Js::blob(bytes, 5.0)
    };
    let members = task.as_object().unwrap().iter().map(|(name, value)| {
        let value = match value {
            Value::Array(list) if is_image(name) => Js::List(list.iter().map(bytes).collect()),
            _ if is_image(name) => bytes(value),
            _ => value.clone().into(),
        };
        (name.clone(), value)
    });
    Js::Object(members.collect())
}
