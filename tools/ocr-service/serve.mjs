/** The OCR service by itself: see scripts/ocr-service. */

import { missingPrograms, startOcrService } from "./index.mjs";

const missing = await missingPrograms();
if (missing) {
  console.error(missing);
  process.exit(1);
}
const { url } = await startOcrService({
  port: Number(process.argv[2] ?? 8740),
  token: process.env.OCR_TOKEN,
  languages: process.env.OCR_LANGUAGES ?? "eng",
});
console.log(`pages are posted to ${url}`);
