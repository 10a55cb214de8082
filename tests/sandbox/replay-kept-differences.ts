/** A difference between the stand-in and a recording that is kept on purpose. */
export interface KeptDifference {
  numbers: number[];
  /** Where in the answer, with everything below; without it the whole answer. */
  at?: string;
  reason: string;
}

export const KEPT_DIFFERENCES: KeptDifference[] = [
  {
    numbers: [44, 45, 46, 47, 48, 49, 50, 51, 52, 859],
    reason: 'Making users and keys is not imitated: the keys of a stand-in are an option.',
  },
  {
    numbers: [6, 7, 8, 18, 19, 21, 22, 23],
    reason: 'The hub, the start page, health checks and the settings are never called.',
  },
  {
    numbers: [218],
    reason:
      "Node's URL parser, in client and server, takes `/model/../update` for `/update`; no client may send it.",
  },
  {
    numbers: [368],
    at: 'body.data.0.openai_client',
    reason: 'debug=true adds the memory of the proxy; nobody asks for it.',
  },
  {
    numbers: [370],
    at: 'body.data.0.model_info',
    reason: 'include_team_models=true adds who may use a row; teams are not imitated.',
  },
  {
    numbers: [527, 543, 544, 556, 557],
    reason: 'Fallbacks, access group lists, health checks and router settings are never called.',
  },
  {
    numbers: [750],
    at: 'body.data.0.model_info',
    reason: 'The stand-in has no catalogue of known models: what it says of gpt-4o-mini is not shown.',
  },
  {
    numbers: [752],
    at: 'body.data.2',
    reason: 'The same model in the group list.',
  },
  {
    numbers: [586],
    reason:
      'The database engine of the rig did not connect again; the stand-in heals as soon as the database is back.',
  },
];
