/**
 * Words that mean something to a parser, and numbers at which one changes its mind.
 * @module
 */
import { wireBytes } from "../support/transcript.ts";

/** Pieces that are put into messages; escapes as in transcripts. */
export const TOKENS: readonly Uint8Array[] = [
  // Any protocol: line ends, controls, what ends strings, what hides.
  ..."\\0|\\xff|\\x7f|\\r|\\n|\\r\\n|\\n\\r|\\r\\0|\\r\\r\\n|\\r\\n\\r\\n|\\n\\n| |\\t|\\x0b|\\x1b[2J|\\x1b]0;x\\x07"
    .split("|"),
  ..."\\x80|\\xc0\\x80|\\xed\\xa0\\x80|\\xf0\\x9f\\x98\\x80|\\xe2\\x80\\xae|\\xef\\xbb\\xbf|\\xc2\\xa0|\\\\|\\\\x|\\\\x4|\\\\\\\\"
    .split("|"),
  ..."%00|%0d%0a|%|%2|%%|%2e%2e/|../../etc/passwd|%c0%ae|%n%s|${jndi:ldap://x}|() { :; };|'\"<>&"
    .split("|"),
  // Telnet.
  ..."\\xff\\xff|\\xff\\xf0|\\xff\\xfa|\\xff\\xf4|\\xff\\xf6|\\xff\\xf2|\\xff\\xef|\\xff\\xec|\\xff\\xfb\\x18|\\xff\\xfd\\x01"
    .split("|"),
  ..."\\xff\\xfe\\x01|\\xff\\xfc\\x03|\\xff\\xfd\\x06|\\xff\\xfb\\x22|\\xff\\xfa\\x1f\\0\\x50\\0\\x18\\xff\\xf0"
    .split("|"),
  ..."\\xff\\xfa\\x18\\0xterm\\xff\\xf0|\\xff\\xfa\\x20\\x009600,9600\\xff\\xf0|\\xff\\xfa\\x27\\0\\0USER\\x01-f root\\xff\\xf0"
    .split("|"),
  ..."\\xff\\xfa\\x22\\x03\\x01\\0\\0\\x03\\x62\\x03\\xff\\xf0|\\xff\\xfa\\x22\\x01\\x13\\xff\\xf0|\\xff\\xfa\\x24\\0\\x01A\\0\\0B\\xff\\xf0"
    .split("|"),
  ..."\\x03|\\x04|\\x11|\\x12|\\x13|\\x15|\\x16|\\x17|\\x1a|\\x1c|root\\r|admin\\r\\n|sh\\r\\n"
    .split("|"),
  // FTP.
  ..."USER x\\r\\n|PASS y\\r\\n|USER |PASS |QUIT\\r\\n|HELP\\r\\n|FEAT\\r\\n|SITE HELP\\r\\n|OPTS UTF8 ON\\r\\n|PORT 1,2,3,4,5,6\\r\\n"
    .split("|"),
  ..."AUTH TLS\\r\\n|ACCT|ABOR\\r\\n|STAT|HOST x\\r\\n|SITE CPFR /etc/passwd\\r\\n|EPRT \\x7c1\\x7c1.2.3.4\\x7c5\\x7c\\r\\n|NOOP\\r\\n"
    .split("|"),
  // HTTP.
  ..."GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|GET /\\r\\n|HEAD / HTTP/1.0\\r\\n\\r\\n|POST /login HTTP/1.1\\r\\nHost: a\\r\\n| HTTP/1.1| HTTP/0.9| HTTP/2.0"
    .split("|"),
  ..."PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n|OPTIONS * HTTP/1.1\\r\\n|TRACE / HTTP/1.1\\r\\n|CONNECT a:1 HTTP/1.1\\r\\n|http://a:80/"
    .split("|"),
  ..."Content-Length: 5\\r\\n|Content-Length: 0\\r\\n|Content-Length: -1\\r\\n|Content-Length: 9223372036854775807\\r\\n|Content-Length: 1\\r\\nContent-Length: 2\\r\\n"
    .split("|"),
  ..."Transfer-Encoding: chunked\\r\\n|Transfer-Encoding: gzip, chunked\\r\\n|5\\r\\nhello\\r\\n|0\\r\\n\\r\\n|ffffffffffffffff\\r\\n|1;a=b\\r\\nx\\r\\n|0\\r\\nX: y\\r\\n\\r\\n"
    .split("|"),
  ..."Expect: 100-continue\\r\\n|Connection: close\\r\\n|Connection: keep-alive\\r\\n|Host: \\r\\n|Host: a:b:c\\r\\n|Accept-Encoding: gzip\\r\\n|X: \\r\\n y\\r\\n"
    .split("|"),
  ...'Range: bytes=0-0\\r\\n|Range: bytes=0-,-1,5-4\\r\\n|If-Range: x\\r\\n|If-None-Match: *\\r\\n|If-Match: "x"\\r\\n|If-Modified-Since: Sat, 21 Nov 2026 12:00:00 GMT\\r\\n'
    .split("|"),
  ..."Authorization: Basic YTpi\\r\\n|Authorization: Basic !\\r\\n|Authorization: Bearer x\\r\\n|Cookie: a=b\\r\\n|User-Agent: \\xff\\r\\n"
    .split("|"),
  ...'Authorization: Digest username="a",realm="r",nonce="n",uri="/",response="0123456789abcdef0123456789abcdef"\\r\\n|username=a&password=b|&pwd=|[]='
    .split("|"),
  ...'Content-Type: application/x-www-form-urlencoded\\r\\n|Content-Type: application/json\\r\\n|{"user":"a","pass":{"pass":"b"}}|{"password":1e999}'
    .split("|"),
  ...'Content-Type: multipart/form-data; boundary=x\\r\\n|--x\\r\\n|\\r\\n--x\\r\\n|--x--\\r\\n|Content-Disposition: form-data; name="password"; filename="a"\\r\\n\\r\\n'
    .split("|"),
  // TLS, SSH, SMB and RDP clients that knock at the wrong door.
  ..."\\x16\\x03\\x01\\x02\\0\\x01\\0\\x01\\xfc\\x03\\x03|SSH-2.0-Go\\r\\n|\\0\\0\\0\\x54\\xffSMBr|\\x03\\0\\0\\x13\\x0e\\xe0"
    .split("|"),
  // The service, YAML, addresses.
  ..."EVENTS since=1 limit=2|TAIL heartbeat=1|AUTH a b|type=command|source=::1|from=2026-11-21T12:00:00Z|min_severity=101"
    .split("|"),
  ..."&a |*a|<<: |!!binary |- |: |{|[|}|]|\\x22|'|>-\\n|\\x7c\\n|---\\n|...\\n|? |~|0x1f|.nan|.inf|1e999|0o7|2026-11-21"
    .split("|"),
  ..."::ffff:1.2.3.4|[::1]:80|0.0.0.0:65536|1.2.3.4/33|::/129|fe80::1%eth0|:0|1.2.3.4.5".split("|"),
].map(wireBytes);

/** Numbers in the place of numbers. */
export const NUMBERS: readonly string[] =
  "0 -0 -1 1 00 7f 255 256 65535 65536 2147483647 2147483648 4294967295 4294967296 9007199254740993 9223372036854775807 9223372036854775808 18446744073709551616 1e9 0x10 99999999999999999999999999 NaN"
    .split(" ");

/** Lengths at which buffers end. */
export const LENGTHS: readonly number[] = [
  ...[63, 64, 70, 127, 128, 200, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2047, 2048],
  ...[4094, 4095, 4096, 4097, 8189, 8190, 8191, 8192, 8193, 16_383, 16_384, 16_385, 33_000],
];
