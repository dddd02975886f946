/** The email sink against Postfix: STARTTLS, a login that Dovecot checks, and a queue that keeps. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { issueCertificates } from "../../lib/net/certificates.ts";
import { emailSink } from "../../lib/sinks/email.ts";
import { postfix } from "../differential/genuine/postfix.ts";
import { freePort } from "../differential/process.ts";
import { allEvents, testEmitter, testScope } from "../support/events.ts";
import { noticesOf, TEST_CONTEXT } from "../support/sinks.ts";

/** Every mail that Postfix has taken and put on hold, as `postcat` shows it. */
async function mailsIn(workDir: string): Promise<string[]> {
  const mails: string[] = [];
  for await (const { name } of Deno.readDir(`${workDir}/postfix/spool/hold`)) {
    const args = ["-c", `${workDir}/postfix/etc`, `${workDir}/postfix/spool/hold/${name}`];
    const { stdout, success } = await new Deno.Command("/usr/sbin/postcat", { args }).output();
    if (success) mails.push(new TextDecoder().decode(stdout));
  }
  return mails;
}

Deno.test("email sink delivers to Postfix with STARTTLS and a login, also after it was away", async () => {
  const workDir = await Deno.makeTempDir();
  await Deno.chmod(workDir, 0o755); // Postfix's daemons are not root
  const paths = {
    cert: `${workDir}/server.pem`,
    key: `${workDir}/server.key`,
    ca: `${workDir}/ca.pem`,
  };
  await issueCertificates(paths, { hostname: "localhost" });
  Deno.writeTextFileSync(`${workDir}/password`, "wrong\n");
  const journal = new Journal(`${workDir}/journal.db`);
  testEmitter(journal).emit(testScope(), "auth.attempt", {
    method: "password",
    username: "grüße",
    secret: "<&>",
  });
  const batch = noticesOf(allEvents(journal));
  journal.close();
  const port = freePort();
  const sink = await emailSink.open(
    v.parse(emailSink.options, {
      host: "localhost",
      port,
      ca: paths.ca,
      username: "alice",
      password: `file:${workDir}/password`,
      from: "duckblind@example.net",
      to: ["soc@example.org"],
    }),
    TEST_CONTEXT,
  );
  const write = () => sink.write(batch, AbortSignal.timeout(15_000));
  try {
    await assertRejects(write, SinkError, "Cannot mail through localhost");
    const genuine = postfix({
      auth: { hasFile: true },
      config: {
        smtpd_tls_cert_file: paths.cert,
        smtpd_tls_key_file: paths.key,
        smtpd_tls_auth_only: "yes",
        smtpd_relay_restrictions: "permit_sasl_authenticated, reject",
        smtpd_client_restrictions: "check_client_access static:hold",
      },
    });
    const running = await genuine.start({ port, workDir });
    try {
      await assertRejects(write, SinkError, "Cannot log in to mail server localhost");
      Deno.writeTextFileSync(`${workDir}/password`, "wonderland\n");
      assertMatch((await write() ?? {}).reply ?? "", /^250 2\.0\.0 Ok: queued as/);
      const [mail = "", ...more] = await mailsIn(workDir);
      assertEquals(more, []);
      assertStringIncludes(mail, "recipient: soc@example.org");
      assertStringIncludes(mail, "with ESMTPSA");
      assertStringIncludes(mail, "Subject: =?UTF-8?");
    } finally {
      await running.stop();
    }
    await assertRejects(write, SinkError, "Cannot mail through localhost");
  } finally {
    await sink[Symbol.asyncDispose]();
    await Deno.remove(workDir, { recursive: true });
  }
});
