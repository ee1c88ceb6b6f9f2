// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares with Hugging Face's tokenizers on random texts: files of the shared folder and variants of them.
//
// usage: npm install tokenizers@0.23 && ninja -C build tokenizer-rows &&
//        node test/Tokenizer/compare.mjs build/bin/tokenizer-rows SHARED_FOLDER [seed] [texts of each file] [name...]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { Tokenizer } = createRequire(process.cwd() + '/')('tokenizers');
const [program, shared, seedText = '1', countText = '3000', ...names] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(join(shared, path)));

let state = Number(seedText);
function random(limit) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % limit;
}

// What the rules are about: contractions, white space, numbers, scripts, marks, added tokens.
const bits = ['a', 'b', 'ab', 'A', 'B', "'s", "'S", "'", "'ll", ' ', '  ', '   ', '\n', '\r\n', '\t', '1', '12', '1234',
  '²', '½', 'Ⅳ', 'é', 'e\u0301', 'É', 'ß', 'ſ', '你', '好', '中文', 'ぁア', '한', '\u1112\u1161\u11ab', 'न', 'ि', '\u0301',
  '\u0323', 'a\u0323\u0302', '\u00a0', '\u3000', '\u200d', '\u2028', '\u0085', '😀', '<|endoftext|>', '<mask>', '<s>',
  '</s>', '[L]', '[R]', '[W]', '[LR]', 'ttt', 'tt', '!', '!!', '/', '.', '_', '$', '\u212b', '\u2126', 'ﬁ', '\u0958',
  'ｶ', '\u0344', '                    ', '▁', '▁▁', ' ▁', 'İ', 'Σ', '①', '…', '\ufeff', '\u200b', 'क\u094dष', '👩\u200d👩',
  '🇩🇪', 'A\u0300\u0301', '\u1100\u1161', '[MASK]', '[UNK]', '<unk>', '<extra_id_0>', "don't", 'न\u0940', '\u0e33'];
const words = readFileSync(join(shared, 'text/valid_small.txt'), 'utf8').split(/(\s+)/);
function randomText() {
  let text = '';
  for (let parts = random(12); parts > 0; --parts)
    text += random(3) ? bits[random(bits.length)] : words[random(words.length)];
  return text;
}

const split = (pattern, behavior = 'Isolated', invert = false) =>
  ({ type: 'Split', pattern: { Regex: pattern }, behavior, invert });
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const sequence = (...steps) => ({ type: 'Sequence', pretokenizers: [...steps, byteLevel] });
const endings = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const llama3 = endings + '|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+' +
  '|\\s+(?!\\S)|\\s+';
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const o200k = `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${endings}?|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${endings}?` +
  '|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const deepseek = '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+' +
  '| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

function withAdded(file, normalized) {
  const result = structuredClone(file);
  let id = Math.max(Object.keys(result.model.vocab).length - 1, ...result.added_tokens.map((token) => token.id));
  const add = (content, flags) => {
    if (Array.isArray(result.model.vocab) || result.model.vocab[content] === undefined)
      result.added_tokens.push({ id: ++id, content, special: false, normalized, lstrip: false, rstrip: false,
        single_word: false, ...flags });
  };
  add('[L]', { lstrip: true });
  add('[R]', { rstrip: true, special: true });
  add('[LR]', { lstrip: true, rstrip: true });
  add('[W]', { single_word: true });
  add('ttt', {});
  add('tt', { single_word: true });
  add('ab A', {});
  add('é中', { normalized: true });
  return result;
}
const gpt2 = read('tokenizers/gpt2/tokenizer.json'), neox = read('tokenizers/neox/tokenizer.json');
const roberta = read('tokenizers/roberta/tokenizer.json'), small = read('models/shakespeare-llama/tokenizer.json');
const template = { type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<|endoftext|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '<|endoftext|>': { id: '<|endoftext|>', ids: [50256], tokens: ['<|endoftext|>'] } } };
const prefixed = { ...gpt2, pre_tokenizer: { ...gpt2.pre_tokenizer, add_prefix_space: true } };
const bert = read('tokenizers/bert-minilm/tokenizer.json'), t5 = read('tokenizers/t5-small/tokenizer.json');
const llama2 = read('tokenizers/llama2/tokenizer.json');
for (const file of [bert, t5, llama2])
  file.truncation = file.padding = null;
const metaspace = (prepend_scheme, split) =>
  ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split });
const files = { bert, t5, llama2, bert_added: withAdded(bert, true), t5_added: withAdded(t5, false),
  llama2_added: withAdded(llama2, true), llama2_added_raw: withAdded(llama2, false),
  bert_cased: { ...bert, normalizer: { ...bert.normalizer, lowercase: false } },
  t5_metaspace: { ...t5, pre_tokenizer: metaspace('always', true) },
  metaspace_first: { ...llama2, normalizer: null, pre_tokenizer: metaspace('first', false), added_tokens: [] },
  metaspace_split: { ...llama2, normalizer: null, pre_tokenizer: metaspace('always', true), added_tokens: [] },
  gemma: { ...llama2, normalizer: llama2.normalizer.normalizers[1], pre_tokenizer:
    { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false } },
  gpt2, neox, roberta, small, prefixed,
  prefixed_added: withAdded(prefixed, false), gpt2_added: withAdded(gpt2, true), neox_added: withAdded(neox, true),
  neox_added_raw: withAdded(neox, false), roberta_added: withAdded(roberta, true),
  llama3: { ...gpt2, pre_tokenizer: sequence(split(llama3)), model: { ...gpt2.model, ignore_merges: true },
    post_processor: { type: 'Sequence', processors: [gpt2.post_processor, template] } },
  o200k: { ...gpt2, pre_tokenizer: sequence(split(o200k)) },
  deepseek: { ...neox, normalizer: { type: 'Sequence', normalizers: [] },
    pre_tokenizer: sequence(split('\\p{N}{1,3}'), split('[一-龥぀-ゟ゠-ヿ]+'), split(deepseek)) },
  falcon: { ...neox, normalizer: null, pre_tokenizer: { type: 'Sequence', pretokenizers: [
    { type: 'Punctuation', behavior: 'Contiguous' }, { ...byteLevel, use_regex: true },
    { type: 'Digits', individual_digits: false }, split('[0-9][0-9][0-9]')] } },
  bloom: { ...neox, normalizer: null, pre_tokenizer: sequence(split(' ?[^(\\s|[.,!?…。，、।۔،])]+')) },
  digits: { ...gpt2, pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }) },
  removed: { ...gpt2, pre_tokenizer: sequence(split('\\s+', 'Removed')) },
  inverted: { ...neox, pre_tokenizer: sequence(split(llama3, 'Removed', true)) } };

const folder = mkdtempSync(join(tmpdir(), 'tokenizers-'));
let failures = 0;
for (const [name, file] of Object.entries(files).filter(([name]) => !names.length || names.includes(name))) {
  const texts = Array.from({ length: Number(countText) }, randomText);
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(file));
  writeFileSync(join(folder, 'texts.json'), JSON.stringify(texts));
  const run = spawnSync(program, [join(folder, 'tokenizer.json'), join(folder, 'texts.json')], { maxBuffer: 1 << 30 });
  process.stderr.write(run.stderr);
  if (run.status !== 0)
    process.exit(1);
  const rows = JSON.parse(run.stdout), peer = Tokenizer.fromString(JSON.stringify(file));
  let different = 0, ids = 0, pairs = 0;
  for (const [index, text] of texts.entries()) {
    const full = (await peer.encode(text, null, { addSpecialTokens: true })).getIds();
    const expected = { ids: full, plain: (await peer.encode(text, null, { addSpecialTokens: false })).getIds(),
      decoded: await peer.decode(full, false), skipped: await peer.decode(full, true) };
    ids += full.length;
    // The text and the one before it, where the template of pairs is one that the tables can hold.
    const first = rows[index - 1];
    if (first && first.secondType >= 0) {
      const pair = await peer.encode(texts[index - 1], text, { addSpecialTokens: true });
      rows[index].pair = [...first.ids, ...rows[index].second];
      rows[index].types = rows[index].pair.map((_, place) => place < first.ids.length ? 0 : first.secondType);
      Object.assign(expected, { pair: pair.getIds(), types: pair.getTypeIds() });
      ++pairs;
    }
    for (const [key, value] of Object.entries(expected))
      if (JSON.stringify(value) !== JSON.stringify(rows[index][key]) && different++ < 3)
        console.log(`${name}: ${JSON.stringify(text)}: ${key}: found ${JSON.stringify(rows[index][key])}, ` +
          `expected ${JSON.stringify(value)}`);
  }
  failures += different;
  console.log(`${name}: ${texts.length} texts, ${pairs} pairs, ${ids} ids, ${different} different`);
}
rmSync(folder, { recursive: true });
process.exit(failures ? 1 : 0);
