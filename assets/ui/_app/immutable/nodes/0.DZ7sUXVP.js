
export{l as component,dt as universal}from"../chunks/DLMH5tRg.js";