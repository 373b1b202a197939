// A plugin of typedoc: members of types that have no name of their own need no comment of their own. In a
// type that is generated from Rust they can have none; the comment of the whole type tells them.

import { Converter, ReflectionKind } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const nameless = Object.values(project.reflections)
      .filter((it) => it.kindOf(ReflectionKind.Property) && !it.hasComment())
      .filter((it) => it.type?.type !== "reflection") // its own members are asked for instead
      .filter((it) => it.parent?.kindOf(ReflectionKind.TypeLiteral) && !isOfParameter(it))
      .map((it) => it.getFriendlyFullName());
    app.options.setValue("intentionallyNotDocumented", [...new Set(nameless)]);
  });
}

/** Nor are those asked for, and typedoc warns of a name that is excused for nothing. */
function isOfParameter(reflection) {
  const { parent } = reflection;
  return parent ? parent.kindOf(ReflectionKind.Parameter) || isOfParameter(parent) : false;
}
