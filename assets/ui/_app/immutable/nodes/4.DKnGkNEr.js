
export{t as component}from"../chunks/CU7tJXVf.js";