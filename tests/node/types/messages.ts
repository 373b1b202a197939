// Catalogues: the Russian one is complete, a custom one may be partial.

import { Client, type KnownErrorCode, type Messages, type PartialMessages } from "capwire";
import ru from "capwire/ru";
import { expectTypeOf } from "expect-type";

expectTypeOf(ru).toEqualTypeOf<Messages>();
expectTypeOf<keyof Messages["codes"]>().toEqualTypeOf<KnownErrorCode>();
expectTypeOf(ru.codes.ERROR_ZERO_BALANCE.hint).toEqualTypeOf<string>();
expectTypeOf<Messages>().toExtend<PartialMessages>();

new Client({ clientKey: "x", messages: ru });
new Client({ clientKey: "x", messages: {} });
new Client({ clientKey: "x", messages: { codes: { NETWORK: { hint: "y" } } } });
new Client({ clientKey: "x", messages: { texts: { "{what}: {detail}": "{what} ({detail})" } } });
Client.parseCallback("{}", { messages: ru });

// @ts-expect-error a catalogue is not the name of a language
new Client({ clientKey: "x", messages: "ru" });
// @ts-expect-error there is no such code
new Client({ clientKey: "x", messages: { codes: { NETWORKS: {} } } });
// @ts-expect-error there is no such text
new Client({ clientKey: "x", messages: { texts: { "{what}; {detail}": "" } } });
// @ts-expect-error a complete catalogue has every code
expectTypeOf({ NETWORK: { message: "", hint: "" } }).toExtend<Messages["codes"]>();
// @ts-expect-error and every text
expectTypeOf({ "a string": "" }).toExtend<Messages["texts"]>();
