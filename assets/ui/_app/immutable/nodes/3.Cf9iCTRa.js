
export{t as component}from"../chunks/CcdZjO2O.js";