import { toJsonSchema } from '@valibot/to-json-schema'
import manifest from '../../package.json' with { type: 'json' }
import { ERRORS } from '../../src/contract/errors.ts'
import { OPERATIONS } from '../../src/contract/operations.ts'

type Schema = Parameters<typeof toJsonSchema>[0]

/** What JSON Schema cannot say (how names are normalised, which characters are allowed) the server says in its error. */
const schema = (source: Schema, typeMode: 'input' | 'output') => {
  const { $schema: _, ...rest } = toJsonSchema(source, { typeMode, errorMode: 'ignore' })
  return rest
}

const json = (content: unknown) => ({ content: { 'application/json': { schema: content } } })

/** The HTTPS API as an OpenAPI 3.1 document. */
export function openApi(): string {
  const paths = Object.entries(OPERATIONS).map(([name, { about, access, request, reply }]) => [
    `/v1/${name}`,
    {
      post: {
        operationId: name,
        summary: about,
        security: access === 'anyone' ? [] : [{ session: [] }],
        requestBody: { required: true, ...json(schema(request, 'input')) },
        responses: {
          200: { description: 'Done', ...json(schema(reply, 'output')) },
          default: { description: 'Refused', ...json({ $ref: '#/components/schemas/Error' }) },
        },
      },
    },
  ])
  const document = {
    openapi: '3.1.0',
    info: { title: 'Strongroom', version: manifest.version, license: { name: manifest.license } },
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { session: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Error: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { enum: Object.keys(ERRORS) }, message: { type: 'string' } },
        },
      },
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
