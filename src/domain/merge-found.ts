import type { FoundModel } from './found-model.js';

/**
 * What is known of a model after a fetch. Details and the observed context stay from before where this fetch did not ask
 * for them, could not get them, or found the model not loaded; so nothing flaps.
 */
export function mergeFound(before: FoundModel | undefined, found: FoundModel): FoundModel {
  const details = found.details ?? before?.details;
  const observedContext = found.observedContext ?? before?.observedContext;
  return {
    modelId: found.modelId,
    listing: found.listing,
    fingerprint: found.fingerprint,
    ...(details !== undefined && { details }),
    ...(found.detailsError !== undefined && { detailsError: found.detailsError }),
    ...(observedContext !== undefined && { observedContext }),
  };
}
