// schema.mjs - does a value fit a schema of api/openapi.yaml? The keywords that
// the file uses, and no others: an unknown one is an error.

const known = new Set([
  'type', 'required', 'properties', 'items', 'enum', 'const', 'oneOf', '$ref', 'minimum', 'maximum', 'minLength', 'maxLength',
  'minItems', 'maxItems', 'pattern', 'format', 'additionalProperties', 'default', 'example', 'examples', 'description', 'contentMediaType',
]);

const kindOf = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v === 'number' && Number.isInteger(v) ? 'integer' : typeof v);

/** What does not fit, each with its place; empty: all fits. */
export function misfits(spec, schema, value, at = '') {
  if (schema.$ref) {
    const target = schema.$ref.slice(2).split('/').reduce((node, key) => node[key], spec);
    return misfits(spec, target, value, at);
  }
  const bad = [];
  for (const key of Object.keys(schema)) if (!known.has(key)) bad.push(`${at}: keyword ${key} is not known to this check`);
  if (schema.oneOf) {
    const fits = schema.oneOf.filter((s) => misfits(spec, s, value, at).length === 0).length;
    if (fits !== 1) bad.push(`${at}: fits ${fits} of oneOf`);
  }
  const kind = kindOf(value);
  const types = schema.type === undefined ? [] : [].concat(schema.type);
  if (types.length && !types.includes(kind) && !(kind === 'integer' && types.includes('number'))) {
    bad.push(`${at}: is ${kind}, not ${types.join(' or ')}`);
    return bad;
  }
  if (schema.enum && !schema.enum.includes(value)) bad.push(`${at}: ${JSON.stringify(value)} is not one of ${schema.enum}`);
  if ('const' in schema && schema.const !== value) bad.push(`${at}: is not ${schema.const}`);
  if (schema.minimum !== undefined && value < schema.minimum) bad.push(`${at}: ${value} < ${schema.minimum}`);
  if (schema.maximum !== undefined && value > schema.maximum) bad.push(`${at}: ${value} > ${schema.maximum}`);
  if (kind === 'string') {
    if (schema.maxLength !== undefined && [...value].length > schema.maxLength) bad.push(`${at}: is too long`);
    if (schema.pattern && !new RegExp(schema.pattern).test(value)) bad.push(`${at}: does not match ${schema.pattern}`);
    if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) bad.push(`${at}: is not a time`);
  }
  if (kind === 'array') {
    if (schema.minItems !== undefined && value.length < schema.minItems) bad.push(`${at}: has ${value.length} items`);
    if (schema.maxItems !== undefined && value.length > schema.maxItems) bad.push(`${at}: has ${value.length} items`);
    if (schema.items) value.forEach((v, i) => bad.push(...misfits(spec, schema.items, v, `${at}/${i}`)));
  }
  if (kind === 'object') {
    for (const name of schema.required ?? []) if (!(name in value)) bad.push(`${at}: ${name} is missing`);
    for (const [name, v] of Object.entries(value)) {
      const member = schema.properties?.[name];
      if (member) bad.push(...misfits(spec, member, v, `${at}/${name}`));
      else if (schema.properties && !schema.additionalProperties) bad.push(`${at}: ${name} is not described`);
    }
  }
  return bad;
}
