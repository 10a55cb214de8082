/** Raise it when a rule of `normalise-model` changes: stored models are then derived anew from their raw metadata. */
export const normaliserVersion = 2;
