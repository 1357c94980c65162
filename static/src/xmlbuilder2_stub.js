// Stands in for xmlbuilder2, which vtk.js pulls in for XML writers that this product never calls.
export const create = () => {
  throw new Error('xmlbuilder2 is not part of this bundle');
};
export const fragment = create;
export const convert = create;
export default { create, fragment, convert };
