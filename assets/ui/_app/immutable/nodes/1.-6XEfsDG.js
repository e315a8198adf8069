
export{t as component}from"../chunks/CchkZ3vY.js";