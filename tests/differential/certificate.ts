/**
 * A certificate of its own for a genuine daemon that wants one.
 * @module
 */

/**
 * Makes a key and a self-signed certificate.
 * @param folder where they are put.
 * @returns their paths.
 */
export async function makeCertificate(folder: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const args = ["req", "-x509", ...curve, "-subj", "/CN=mail", "-keyout", key, "-out", cert];
  const { success, stderr } = await new Deno.Command("/usr/bin/openssl", { args }).output();
  if (!success) {
    throw new Error(`Cannot make a certificate: ${new TextDecoder().decode(stderr)}`);
  }
  return { cert, key };
}
