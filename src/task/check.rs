//! Checks a task against the schema of its type, before anything is sent.

use super::catalog::{PROXY, TaskType};
use super::schema::{Field, Literal, Rule, TaskSpec};
use crate::error::{Failure, Result};
use crate::message::Message;
use crate::platform::{HostValue, MAX_ITEMS, ValueType, must_be, too_many};
use crate::text_search::{nearest, split_once};
use crate::texts;
use crate::url::is_web_address;
use std::ops::RangeInclusive;

/// The field of tasks that take audio.
const PAYLOAD_TYPE: &str = "metadata.PayloadType";

/// Checks a task of a known type. A task of an unknown type, or of an unknown variant, passes.
///
/// # Errors
/// `INVALID_TASK`, with the field that breaks a rule.
pub(super) fn check<V: HostValue>(task_type: &TaskType, task: &V) -> Result<()> {
    let Some(spec) = find_variant(task_type.specs, task)? else { return Ok(()) };
    for fields in spec.fields {
        check_fields(fields, spec, task)?;
    }
    for group in spec.one_of {
        if let [first, others @ ..] = group
            && group.iter().all(|path| !is_present(task, path))
        {
            let other = others.first().copied().unwrap_or_default();
            let rule = texts::ONE_OF_NEEDED.with([Message::literal(other)]);
            return Err(Failure::field(first, rule));
        }
    }
    let has_proxy = PROXY.iter().any(|field| is_present(task, field.path));
    if spec.takes_proxy && has_proxy {
        check_fields(PROXY, spec, task)?;
    }
    Ok(())
}

/// Whether a task may have audio where others have images. What the catalogue does not know may.
pub(super) fn takes_audio<V: HostValue>(task_type: &TaskType, task: &V) -> bool {
    let variant = find_variant(task_type.specs, task).ok().flatten();
    variant.is_none_or(|spec| spec.find_field(&|field| field.path == PAYLOAD_TYPE).is_some())
}

fn check_fields<V: HostValue>(fields: &[Field], spec: &TaskSpec, task: &V) -> Result<()> {
    fields.iter().try_for_each(|field| check_field(field, spec, task))
}

/// Checks some fields of a task of a type that has no variants.
///
/// # Errors
/// `INVALID_TASK`, with the field that breaks a rule.
pub(super) fn check_values<V: HostValue>(
    task_type: &TaskType,
    values: &[(String, V)],
) -> Result<()> {
    let Some(spec) = task_type.specs.first() else { return Ok(()) };
    for (name, value) in values {
        if let Some(field) = spec.find_field(&|field| field.path == name) {
            check_value(field, value)?;
        }
    }
    Ok(())
}

/// The variant of a type that a task is; none where the type, or its class, is not in the catalogue.
fn find_variant<V: HostValue>(
    specs: &'static [TaskSpec],
    task: &V,
) -> Result<Option<&'static TaskSpec>> {
    let Some(first) = specs.first() else { return Ok(None) };
    let Some((name, literal)) = &first.variant else { return Ok(Some(first)) };
    let Some(value) = task.get(name) else {
        return Err(Failure::field(name, texts::MISSING));
    };
    let selects = |spec: &&TaskSpec| match &spec.variant {
        Some((_, Literal::String(text))) => value.as_string().as_deref() == Some(*text),
        Some((_, Literal::Number(n))) => {
            value.value_type() == ValueType::Number((*n).into()) || whole(&value) == Some(*n)
        }
        None => false,
    };
    let rule = match (specs.iter().find(selects), literal) {
        (Some(spec), _) => return Ok(Some(spec)),
        // The service may have classes that are newer than the catalogue.
        (None, Literal::String(_)) if value.value_type() == ValueType::String => return Ok(None),
        (None, Literal::String(_)) => texts::TEXT,
        (None, Literal::Number(_)) => texts::THREE_OR_FOUR,
    };
    Err(Failure::field(name, texts::MUST_BE.with([rule.into()])))
}

/// The number that a string of one digit stands for.
pub(super) fn whole<V: HostValue>(value: &V) -> Option<u32> {
    value.as_string()?.parse::<char>().ok()?.to_digit(10)
}

/// Whether a field has a value other than `null`.
fn is_present<V: HostValue>(task: &V, path: &str) -> bool {
    find(task, path).is_some_and(|value| value.value_type() != ValueType::Null)
}

fn find<V: HostValue>(task: &V, path: &str) -> Option<V> {
    match split_once(path, ".") {
        None => task.get(path),
        Some((object, member)) => task.get(object)?.get(member),
    }
}

fn check_field<V: HostValue>(field: &Field, spec: &TaskSpec, task: &V) -> Result<()> {
    if let Some((object, _)) = split_once(field.path, ".")
        && let Some(value) = task.get(object)
        && !matches!(value.value_type(), ValueType::Object | ValueType::Null)
    {
        return Err(Failure::field(object, must_be(texts::OBJECT, &value)));
    }
    match find(task, field.path) {
        None if field.required => Err(missing(field, spec, task)),
        None => Ok(()),
        Some(value) => check_value(field, &value),
    }
}

fn check_value<V: HostValue>(field: &Field, value: &V) -> Result<()> {
    let is_null = value.value_type() == ValueType::Null;
    if is_null && !field.required || fits(field.rule, value) {
        return Ok(());
    }
    let rule = field.rule.describe();
    // Of a string that breaks a rule for strings, its type says nothing.
    let is_text = matches!(field.rule, Rule::Url | Rule::OneOf(_) | Rule::TextWithoutPercent)
        && value.as_string().is_some();
    let is_list = value.value_type() == ValueType::Array;
    let rule = match value.items(MAX_ITEMS) {
        None if is_list => too_many(MAX_ITEMS),
        _ if is_text => texts::MUST_BE.with([rule]),
        _ => must_be(rule, value),
    };
    Err(Failure::field(field.path, rule))
}

fn fits<V: HostValue>(rule: Rule, value: &V) -> bool {
    let value_type = value.value_type();
    let is_within = |bounds: RangeInclusive<f64>| matches!(value_type, ValueType::Number(n) if bounds.contains(&n));
    let is_whole = matches!(value_type, ValueType::Number(n) if n.fract() == 0.0);
    match rule {
        Rule::Text => value_type == ValueType::String,
        Rule::TextWithoutPercent => {
            value.as_string().is_some_and(|text| !text.bytes().any(|byte| byte == b'%'))
        }
        Rule::Url => value.as_string().is_some_and(|url| is_web_address(&url)),
        Rule::Flag | Rule::FlagOrNull => matches!(value_type, ValueType::Bool(_)),
        Rule::Whole(min, max) => is_whole && is_within(min.into()..=max.into()),
        Rule::AnyWhole => is_whole,
        Rule::Score => is_within(0.1..=0.9),
        Rule::Object(_) => value_type == ValueType::Object,
        Rule::Texts => {
            let is_string = |item: &V| item.value_type() == ValueType::String;
            value.items(MAX_ITEMS).is_some_and(|items| items.iter().all(is_string))
        }
        Rule::OneOf(known) => value.as_string().is_some_and(|text| known.contains(&text.as_str())),
        Rule::ZeroOrOne => matches!(value_type, ValueType::Number(0.0 | 1.0)),
        // Images are checked when they are read.
        Rule::Image => true,
        Rule::Images => value_type != ValueType::Null,
    }
}

/// The failure of a required field that is not there, perhaps because its name is misspelt.
fn missing<V: HostValue>(field: &Field, spec: &TaskSpec, task: &V) -> Box<Failure> {
    let is_known =
        |name: &str| name == "type" || spec.find_field(&|known| known.path == name).is_some();
    let entries = task.entries().unwrap_or_default();
    let mut unknown = entries.iter().map(|(name, _)| &**name).filter(|name| !is_known(name));
    let rule = match nearest(field.path, &mut unknown) {
        Some(near) => texts::MISSPELT.with([Message::literal(near)]),
        None => texts::MISSING.into(),
    };
    Failure::field(field.path, rule)
}
