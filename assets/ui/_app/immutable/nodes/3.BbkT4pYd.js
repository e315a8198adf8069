
export{t as component}from"../chunks/DXgo_BjC.js";