import { assertEquals } from "@std/assert";
import { v } from "../../../lib/config/schema.ts";
import { http } from "../../../lib/decoys/http.ts";
import { play, wireBytes } from "../../support/transcript.ts";
import { maskAnswer, octets, parseGolden } from "./golden.ts";
import { SAMPLE_CONTEXT } from "./sample_site.ts";

const dir = new URL("../transcripts/http/golden/", import.meta.url);

for (const [product, port] of [["nginx-1.22.1", 18080], ["apache-2.4.71", 18081]] as const) {
  Deno.test(`http answers as the genuine ${product} in every recorded case`, async () => {
    const options = v.parse(http.options, {
      product,
      site: { folder: "sample" },
      server_name: "127.0.0.1",
      shown_port: port,
    });
    const decoy = await http.create(options, SAMPLE_CONTEXT);
    const cases = parseGolden(await Deno.readTextFile(new URL(`${product}.txt`, dir)));
    const different: unknown[] = [];
    for (const { name, sends, answer, isClosed } of cases) {
      const played = await play(decoy, sends);
      const said = played.lines.filter((line) => line.startsWith("< "))
        .map((line) => octets(wireBytes(line.slice(2)))).join("");
      // The recording's server was on 127.0.0.1.
      const actual = {
        answer: maskAnswer(said.replaceAll("192.0.2.1", "127.0.0.1")),
        isClosed: played.lines.at(-1) !== "= wait",
      };
      const expected = { answer: maskAnswer(answer), isClosed };
      if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        different.push({ name, actual, expected });
      }
    }
    assertEquals(different, []);
    assertEquals(cases.length > 500, true, "the golden file was not read");
  });
}
