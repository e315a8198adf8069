
export{l as component,ht as universal}from"../chunks/CchkZ3vY.js";