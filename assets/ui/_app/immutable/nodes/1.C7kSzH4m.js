
export{t as component}from"../chunks/C7uX5irJ.js";