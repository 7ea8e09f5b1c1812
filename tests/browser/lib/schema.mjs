// schema.mjs - does a value fit a schema of api/openapi.yaml? The keywords that file uses, no more; an unknown
// keyword is an error, so that none is passed over in silence.
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const SAYS_NOTHING = new Set(['description', 'example', 'examples', 'default', 'contentMediaType', 'title']);

const typeOf = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);

const CHECKS = {
  type: (want, v) => {
    const is = typeOf(v);
    return [want].flat().some((t) => t === is || (t === 'number' && is === 'integer')) ? null : `is ${is}, not ${want}`;
  },
  enum: (all, v) => (all.includes(v) ? null : `is ${JSON.stringify(v)}, not one of ${JSON.stringify(all)}`),
  const: (one, v) => (v === one ? null : `is ${JSON.stringify(v)}, not ${JSON.stringify(one)}`),
  minimum: (n, v) => (typeof v !== 'number' || v >= n ? null : `is ${v}, below ${n}`),
  maximum: (n, v) => (typeof v !== 'number' || v <= n ? null : `is ${v}, above ${n}`),
  minLength: (n, v) => (typeof v !== 'string' || v.length >= n ? null : `is shorter than ${n}`),
  maxLength: (n, v) => (typeof v !== 'string' || v.length <= n ? null : `is longer than ${n}`),
  minItems: (n, v) => (!Array.isArray(v) || v.length >= n ? null : `has ${v.length} items, fewer than ${n}`),
  maxItems: (n, v) => (!Array.isArray(v) || v.length <= n ? null : `has ${v.length} items, more than ${n}`),
  pattern: (p, v) => (typeof v !== 'string' || new RegExp(p).test(v) ? null : `does not match ${p}`),
  format: (f, v) => (f !== 'date-time' || typeof v !== 'string' || TIME.test(v) ? null : `is no UTC time: ${v}`),
};

/** What does not fit, a line each with its place; `strict` refuses members that the schema does not name. */
export function misfits(spec, schema, value, place = '', strict = true) {
  if (schema.$ref) {
    const target = schema.$ref
      .slice(2)
      .split('/')
      .reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], spec);
    return misfits(spec, target, value, place, strict);
  }
  const out = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (CHECKS[keyword]) {
      const wrong = CHECKS[keyword](rule, value);
      if (wrong) out.push(`${place || '/'} ${wrong}`);
    } else if (keyword === 'oneOf') {
      const fits = rule.filter((s) => misfits(spec, s, value, place, strict).length === 0).length;
      if (fits !== 1) out.push(`${place || '/'} fits ${fits} of ${rule.length} alternatives: ${JSON.stringify(value)}`);
    } else if (keyword === 'items') {
      if (Array.isArray(value)) value.forEach((v, i) => out.push(...misfits(spec, rule, v, `${place}/${i}`, strict)));
    } else if (keyword === 'required') {
      if (typeOf(value) === 'object')
        for (const name of rule) if (!(name in value)) out.push(`${place}/${name} is absent`);
    } else if (keyword === 'properties') {
      if (typeOf(value) === 'object')
        for (const [name, v] of Object.entries(value)) {
          if (Object.hasOwn(rule, name)) out.push(...misfits(spec, rule[name], v, `${place}/${name}`, strict));
          else if (strict && schema.additionalProperties !== true) out.push(`${place}/${name} is not in the description`);
        }
    } else if (keyword !== 'additionalProperties' && !SAYS_NOTHING.has(keyword))
      throw new Error(`schema.mjs does not know the keyword ${keyword} at ${place || '/'}`);
  }
  return out;
}
