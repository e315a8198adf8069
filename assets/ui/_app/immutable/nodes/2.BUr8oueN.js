
export{_ as component}from"../chunks/CU7tJXVf.js";