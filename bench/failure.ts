/** The product did not do what is measured; printed without a stack trace. */
export class Failure extends Error {
  override name = 'Failure';
}
