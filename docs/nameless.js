// A typedoc plugin: properties of anonymous types need no comment of their own. In types generated from Rust
// they can't have one; the comment of the enclosing type describes them.

import { Converter, ReflectionKind } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const nameless = Object.values(project.reflections)
      .filter((it) => it.kindOf(ReflectionKind.Property) && !it.hasComment())
      .filter((it) => it.type?.type !== "reflection") // its own members are checked instead
      .filter((it) => it.parent?.kindOf(ReflectionKind.TypeLiteral) && !isOfParameter(it))
      .map((it) => it.getFriendlyFullName());
    app.options.setValue("intentionallyNotDocumented", [...new Set(nameless)]);
  });
}

/** typedoc doesn't check these, and it warns about names that are excluded needlessly. */
function isOfParameter(reflection) {
  const { parent } = reflection;
  return parent ? parent.kindOf(ReflectionKind.Parameter) || isOfParameter(parent) : false;
}
