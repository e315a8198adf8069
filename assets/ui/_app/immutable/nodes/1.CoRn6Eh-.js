
export{t as component}from"../chunks/DLMH5tRg.js";