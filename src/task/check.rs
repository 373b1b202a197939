//! Checks a task against the schema of its type, before anything is sent.

/// The timing of a task type. One that is not known here gets the longest.
#[must_use]
pub fn timing(kind: &str) -> Timing {
    rows(kind).next().map_or(SLOW_TOKEN, |row| row.timing)
}

/// What kind of image field this is of that type: `Image`, `Images` or none.
#[must_use]
pub fn image_rule(kind: &str, field: &str) -> Option<Rule> {
    let fields = rows(kind).flat_map(|row| row.fields).copied().flatten();
    let images = fields.filter(|known| matches!(known.rule, Image | Images));
    images.filter(|known| known.path == field).map(|known| known.rule).next()
}

/// Checks a task of a known type; of another, nothing.
///
/// # Errors
/// `INVALID_TASK`, with the field that breaks a rule.
pub fn check<V: Json>(kind: &str, task: &V) -> Result<()> {
    let Some(row) = row(kind, task)? else { return Ok(()) };
    let fields = || row.fields.iter().copied().flatten();
    fields().try_for_each(|field| check_field(field, task))?;
    for group in row.one_of {
        if let [first, others @ ..] = group
            && group.iter().all(|path| !is_given(task, path))
        {
            let or = others.first().copied().unwrap_or_default();
            return Err(Failure::field(first, texts::ONE_OF_NEEDED.with([Detail::verbatim(or)])));
        }
    }
    let has_proxy = PROXY.iter().any(|field| is_given(task, field.path));
    if row.takes_proxy && has_proxy {
        PROXY.iter().try_for_each(|field| check_field(field, task))?;
    }
    Ok(())
}

fn rows(kind: &str) -> impl Iterator<Item = &'static TaskKind> {
    KINDS.iter().filter(move |row| row.types.contains(&kind))
}

/// The row of a task; none where its type, or its class, is not known here.
fn row<V: Json>(kind: &str, task: &V) -> Result<Option<&'static TaskKind>> {
    let Some(first) = rows(kind).next() else { return Ok(None) };
    let Some((name, literal)) = &first.variant else { return Ok(Some(first)) };
    let value = task.get(name);
    let is_value = |literal: &Literal| match (literal, &value) {
        (Literal::Text(text), Some(value)) => value.text().as_deref() == Some(*text),
        (Literal::Number(n), Some(value)) => value.kind() == Kind::Number((*n).into()),
        (_, None) => false,
    };
    let matches = |row: &&TaskKind| row.variant.as_ref().is_some_and(|(_, value)| is_value(value));
    match (rows(kind).find(matches), literal, &value) {
        (Some(row), ..) => Ok(Some(row)),
        // The service may have classes that are newer than this table.
        (None, Literal::Text(_), Some(value)) if value.kind() == Kind::Text => Ok(None),
        (None, _, None) => Err(Failure::field(name, texts::MISSING)),
        (None, Literal::Text(_), _) => {
            Err(Failure::field(name, texts::MUST_BE.with([texts::TEXT.into()])))
        }
        (None, Literal::Number(_), _) => {
            Err(Failure::field(name, texts::MUST_BE.with([texts::THREE_OR_FOUR.into()])))
        }
    }
}

/// Whether a field has a value other than `null`.
fn is_given<V: Json>(task: &V, path: &str) -> bool {
    find(task, path).is_some_and(|value| value.kind() != Kind::Null)
}

fn find<V: Json>(task: &V, path: &str) -> Option<V> {
    match split_once(path, ".") {
        None => task.get(path),
        Some((object, member)) => task.get(object)?.get(member),
    }
}

fn check_field<V: Json>(field: &Field, task: &V) -> Result<()> {
    if let Some((object, _)) = split_once(field.path, ".")
        && let Some(value) = task.get(object)
        && !matches!(value.kind(), Kind::Object | Kind::Null)
    {
        return Err(Failure::field(object, must_be(texts::OBJECT, &value)));
    }
    let Some(value) = find(task, field.path) else {
        let missing = || Err(Failure::field(field.path, texts::MISSING));
        return if field.needed { missing() } else { Ok(()) };
    };
    let kind = value.kind();
    if kind == Kind::Null && !field.needed {
        return Ok(());
    }
    let is_within =
        |bounds: RangeInclusive<f64>| matches!(kind, Kind::Number(n) if bounds.contains(&n));
    let is_whole = matches!(kind, Kind::Number(n) if n.fract() == 0.0);
    let fits = match field.rule {
        Text => kind == Kind::Text,
        Url => value.text().is_some_and(|url| is_web_address(&url)),
        Flag | FlagOrNull => matches!(kind, Kind::Bool(_)),
        Whole(min, max) => is_whole && is_within(min.into()..=max.into()),
        AnyWhole => is_whole,
        Score => is_within(0.1..=0.9),
        Object(_) => kind == Kind::Object,
        Texts => kind == Kind::List && value.items().iter().all(|item| item.kind() == Kind::Text),
        OneOf(known) => value.text().is_some_and(|text| known.contains(&text.as_str())),
        ZeroOrOne => matches!(kind, Kind::Number(0.0 | 1.0)),
        // Images are checked when they are read.
        Image => true,
        Images => kind != Kind::Null,
    };
    if fits {
        return Ok(());
    }
    let what: Detail = match field.rule {
        Whole(min, max) => texts::WHOLE.with([Detail::number(min), Detail::number(max)]),
        OneOf(known) => {
            let names = known.iter().fold(String::new(), |names, text| names + " " + text);
            texts::ONE_OF.with([Detail::verbatim(names.trim_ascii_start())])
        }
        rule => rule.words().into(),
    };
    Err(Failure::field(field.path, must_be(what, &value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timings_follow_the_type_and_its_proxyless_name() {
        for (kind, first, timeout) in [
            ("ImageToTextTask", 350.0, 10_000.0),
            ("ComplexImageTask", 350.0, 10_000.0),
            ("TurnstileTask", 1_000.0, 80_000.0),
            ("TurnstileTaskProxyless", 1_000.0, 80_000.0),
            ("RecaptchaV3TaskProxyless", 1_000.0, 180_000.0),
            ("NoCaptchaTask", 1_000.0, 180_000.0),
            ("SomethingNewTask", 1_000.0, 180_000.0),
        ] {
            let expected = Timing { first_delay_ms: first, timeout_ms: timeout };
            assert_eq!(timing(kind), expected, "{kind}");
        }
    }
}
