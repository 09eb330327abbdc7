/** Lists and records whose length is checked before their content. */
import * as v from 'valibot'

/** @param message when there are more than `max` items */
export function boundedArray<const Item extends v.GenericSchema>(item: Item, max: number, message?: string) {
  const length = v.maxLength<unknown[], number, string | undefined>(max, message)
  return lengthFirst(v.pipe(v.array(item), v.maxLength(max, message)), (value, config) =>
    Array.isArray(value) && value.length > max ? length['~run']({ typed: true, value }, config) : undefined,
  )
}

/** @param message when there are more than `max` members */
export function boundedRecord<
  const Name extends v.BaseSchema<string, string, v.BaseIssue<unknown>>,
  const Value extends v.GenericSchema,
>(name: Name, value: Value, max: number, message: string) {
  const length = v.maxEntries<Record<string, unknown>, number, string>(max, message)
  return lengthFirst(v.pipe(v.record(name, value), v.maxEntries(max, message)), (given, config) =>
    typeof given === 'object' && given !== null && Object.keys(given).length > max
      ? length['~run']({ typed: true, value: given as Record<string, unknown> }, config)
      : undefined,
  )
}

type Config = v.Config<v.BaseIssue<unknown>>

/** @param refuse gives the outcome when there is too much of it */
function lengthFirst<const Schema extends v.GenericSchema>(
  schema: Schema,
  refuse: (value: unknown, config: Config) => unknown,
): Schema {
  return {
    ...schema,
    '~run': (dataset: v.UnknownDataset, config: Config) =>
      refuse(dataset.value, config) ?? schema['~run'](dataset, config),
  }
}
